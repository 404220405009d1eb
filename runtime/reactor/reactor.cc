#include "weft/rt/reactor/reactor.h"

#include <algorithm>

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

reactor::reactor(std::unique_ptr<backend> io) noexcept : io_(std::move(io)), timers_(io_->now_ns()) {}

reactor::~reactor() {
  WEFT_DCHECK(timers_.next_deadline() == timer_wheel::never, "a timer outlives its reactor");
}

bool reactor::try_sit() noexcept {
  // A cheap look first: neighbours ask often, and usually in vain.
  return !is_taken_.load(std::memory_order_relaxed) && !is_taken_.exchange(true, std::memory_order_acquire);
}

void reactor::stand_up() noexcept {
  is_taken_.store(false, std::memory_order_release);  // pairs with try_sit()
}

void reactor::wait(std::int64_t limit_ns, job_list& ready) noexcept {
  WEFT_DCHECK(is_taken_.load(std::memory_order_relaxed), "only the holder of the seat waits");
  // Relaxed: next_deadline() takes the wheel's lock afterwards. An insert that comes before it is counted in;
  // one that comes after it sees this store, and wakes us.
  is_asleep_.store(true, std::memory_order_relaxed);
  WEFT_CHAOS(yield);
  const std::int64_t deadline = timers_.next_deadline();
  std::int64_t timeout = limit_ns;
  if (deadline != timer_wheel::never) {
    const std::int64_t left = std::max<std::int64_t>(deadline - now_ns(), 0);
    timeout = limit_ns < 0 ? left : std::min(left, limit_ns);
  }
  if (WEFT_CHAOS(early_wake)) timeout = 0;
  polls_.add();
  io_->wait(timeout, ready);
  WEFT_CHAOS(late_wake);
  is_asleep_.store(false, std::memory_order_relaxed);  // late is harmless: one wake too many
  expire(ready);
}

bool reactor::poll(job_list& ready) noexcept {
  if (!try_sit()) return false;
  const std::size_t before = ready.size();
  polls_.add();
  io_->wait(0, ready);
  WEFT_CHAOS(yield);
  expire(ready);
  stand_up();
  return ready.size() != before;
}

timer_inserted reactor::insert(timer& waiting) noexcept {
  const timer_inserted answer = timers_.insert(waiting);
  // Relaxed: ordered by the wheel's lock, see wait(). `waiting` may be gone.
  WEFT_CHAOS(late_wake);
  if (answer == timer_inserted::earliest && is_asleep_.load(std::memory_order_relaxed)) wake();
  return answer;
}

void reactor::expire(job_list& ready) noexcept {
  // Without timers the clock need not be read.
  if (timers_.nothing_before() != timer_wheel::never) timers_.expire(now_ns(), ready);
}

}  // namespace weft::inline WEFT_ABI::rt
