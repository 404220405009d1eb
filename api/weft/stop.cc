#include "weft/stop.h"

#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI {

bool inplace_stop_token::is_its_task_told_to_stop() const noexcept {
  rt::turn& now = rt::this_turn();
  return now.running != nullptr && &now.running->home() == scope_ && scope_->look_for_stop(now);
}

bool inplace_stop_token::enlist(rt::stop_callbacks::entry& joining) const {
  if (scope_ != nullptr) {
    rt::job_list ready;
    if (scope_->on_stop(joining, ready)) {
      if (!ready.empty()) scope_->home().submit(ready);
      return true;
    }
  } else if (source_ == nullptr) {
    return false;
  } else if (source_->add(joining)) {
    return true;
  }
  joining.call(joining);
  return false;
}

}  // namespace weft::inline WEFT_ABI
