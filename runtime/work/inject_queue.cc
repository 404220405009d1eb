#include "weft/rt/work/inject_queue.h"

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

void inject_queue::push(job& ready) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  jobs_.push_back(ready);
  size_.store(jobs_.size(), std::memory_order_release);  // pairs with empty()
}

void inject_queue::push_all(job_list& ready) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  jobs_.splice(ready);
  size_.store(jobs_.size(), std::memory_order_release);  // pairs with empty()
}

job* inject_queue::pop() noexcept {
  if (empty()) return nullptr;
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  job* oldest = jobs_.pop_front();
  size_.store(jobs_.size(), std::memory_order_release);  // pairs with empty()
  return oldest;
}

}  // namespace weft::inline WEFT_ABI::rt
