#include "weft/rt/work/stop_callbacks.h"

#include <mutex>

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

stop_callbacks::~stop_callbacks() {
  WEFT_CHECK(waiting_.empty(),
             "a stop callback outlives what it waits for: its source, or the task of its token");
}

bool stop_callbacks::add(entry& joining) noexcept {
  WEFT_CHAOS(yield);
  const lock_guard<mutex> guard(lock_);
  if (is_requested_.load(std::memory_order_relaxed)) return false;  // written under the lock
  joining.in = this;
  joining.is_listed = true;
  waiting_.push_back(joining);
  count_.fetch_add(1, std::memory_order_seq_cst);  // pairs with has_any() in scope::stop
  return true;
}

void stop_callbacks::remove(entry& leaving) noexcept {
  WEFT_CHAOS(yield);
  std::unique_lock<mutex> guard(lock_);
  if (leaving.is_listed) {
    leaving.is_listed = false;
    waiting_.remove(leaving);
    count_.fetch_sub(1, std::memory_order_relaxed);  // too many is harmless
    return;
  }
  if (running_ != &leaving || runs_on_ == calling_thread()) return;
  returned_.wait(guard, [this, &leaving] { return running_ != &leaving; });
}

bool stop_callbacks::request() noexcept {
  WEFT_CHAOS(yield);
  std::unique_lock<mutex> guard(lock_);
  if (is_requested_.load(std::memory_order_relaxed)) return false;  // written under the lock
  is_requested_.store(true, std::memory_order_release);             // pairs with is_requested()
  runs_on_ = calling_thread();
  while (entry* const next = waiting_.pop_front()) {
    next->is_listed = false;
    count_.fetch_sub(1, std::memory_order_relaxed);  // too many is harmless
    running_ = next;
    guard.unlock();
    WEFT_CHAOS(yield);
    next->call(*next);
    WEFT_CHAOS(yield);
    guard.lock();
    running_ = nullptr;  // `next` may be gone
    returned_.notify_all();
  }
  return true;
}

}  // namespace weft::inline WEFT_ABI::rt
