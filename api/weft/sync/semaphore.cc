#include "weft/sync/semaphore.h"

#include <limits>
#include <stdexcept>

#include "weft/rt/base/chaos.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI {

semaphore::semaphore(std::ptrdiff_t permits) {
  if (permits < 0) throw std::invalid_argument("weft::semaphore: the number of permits is negative");
  free_ = static_cast<std::size_t>(permits);
}

bool semaphore::try_take() noexcept {
  const rt::lock_guard<rt::mutex> guard(waiters_.lock);
  if (free_ == 0 || !waiters_.empty()) return false;
  --free_;
  return true;
}

std::optional<semaphore_permit> semaphore::try_acquire() noexcept {
  if (!try_take()) return std::nullopt;
  return semaphore_permit(*this);
}

bool semaphore::wait(acquire_awaiter& op, rt::frame& leaf) noexcept {
  rt::turn& now = rt::this_turn();
  op.waiter = &leaf.home();
  if (op.waiter->is_stopping()) {
    detail::stop_at(leaf, now);
    return true;
  }
  if (try_take()) {
    if (now.spend_operation()) return false;
    detail::give_way_at(leaf, now);  // the permit is ours; only the turn is over
    return true;
  }
  WEFT_CHAOS(yield);
  if (!op.waiter->arm(op, leaf)) {
    detail::stop_at(leaf, now);
    return true;
  }
  rt::scope& waiter = *op.waiter;
  WEFT_CHAOS(yield);
  bool is_barred = false;
  {
    const rt::lock_guard<rt::mutex> guard(waiters_.lock);
    if (free_ == 0 || !waiters_.empty()) {
      if (waiters_.enqueue(op)) return true;  // the frame may be gone
      is_barred = true;
    } else {
      --free_;  // came back meanwhile
      op.now = detail::wait_op::place::granted;
    }
  }
  if (is_barred) waiter.to_unwind(leaf);
  WEFT_CHAOS(yield);
  if (!waiter.finish()) return true;  // a canceller is at work, and hands the job out
  if (is_barred) detail::stop_at(leaf, now);
  return is_barred;
}

void semaphore::give_back() noexcept {
  rt::scope* next;
  {
    const rt::lock_guard<rt::mutex> guard(waiters_.lock);
    next = waiters_.grant_first();
    if (next == nullptr) ++free_;
  }
  if (next != nullptr) detail::wait_queue::deliver(*next);
}

void semaphore::add_permits(std::size_t more) {
  {
    const rt::lock_guard<rt::mutex> guard(waiters_.lock);
    if (more > std::numeric_limits<std::size_t>::max() - free_) {
      throw std::overflow_error("weft::semaphore: too many permits");
    }
  }
  for (std::size_t i = 0; i < more; ++i) give_back();
}

std::size_t semaphore::available() const noexcept {
  const rt::lock_guard<rt::mutex> guard(waiters_.lock);
  return free_;
}

}  // namespace weft::inline WEFT_ABI
