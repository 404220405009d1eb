#include "weft/rt/scheduler/duty_alarms.h"

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

std::int64_t duty_alarms::set(std::size_t sleeper) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  alarm& its = alarms_[sleeper];
  reactor& events = stations_[sleeper]->events;
  const std::int64_t now_ns = events.now_ns();
  ++its.wanted_by;
  if (its.due_ns <= now_ns) {
    its.due_ns = now_ns + delay_ns;
    events.wake_at(its.due_ns);
  }
  return now_ns;
}

void duty_alarms::take_back(std::size_t sleeper) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  alarm& its = alarms_[sleeper];
  if (--its.wanted_by != 0) return;
  its.due_ns = 0;
  stations_[sleeper]->events.wake_at(backend::never);
}

void duty_alarms::let_ring(std::size_t sleeper) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  --alarms_[sleeper].wanted_by;
}

}  // namespace weft::inline WEFT_ABI::rt
