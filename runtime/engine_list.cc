#include "weft/rt/engine_list.h"

#include "weft/rt/base/atomic.h"

extern "C" {
// The first of them, or null. Guarded by `lock`; a debugger needs none.
[[gnu::used]] constinit weft::rt::engine* weft_live_engines = nullptr;
}

namespace weft::inline WEFT_ABI::rt {
namespace {

mutex lock;

}  // namespace

void engine_list::add(engine& started) noexcept {
  lock_guard<mutex> guard(lock);
  started.next_engine_ = weft_live_engines;
  if (weft_live_engines != nullptr) weft_live_engines->engine_before_ = &started;
  weft_live_engines = &started;
}

void engine_list::remove(engine& dying) noexcept {
  lock_guard<mutex> guard(lock);
  if (dying.engine_before_ != nullptr) {
    dying.engine_before_->next_engine_ = dying.next_engine_;
  } else if (weft_live_engines == &dying) {
    weft_live_engines = dying.next_engine_;
  }
  if (dying.next_engine_ != nullptr) dying.next_engine_->engine_before_ = dying.engine_before_;
}

}  // namespace weft::inline WEFT_ABI::rt
