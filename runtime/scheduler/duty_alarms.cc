#include "weft/rt/scheduler/duty_alarms.h"

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

void duty_alarms::set(std::size_t sleeper) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  ++wanted_by_[sleeper];
  reactor& its = stations_[sleeper]->events;
  its.wake_at(its.now_ns() + delay_ns);
}

void duty_alarms::take_back(std::size_t sleeper) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (--wanted_by_[sleeper] == 0) stations_[sleeper]->events.wake_at(backend::never);
}

}  // namespace weft::inline WEFT_ABI::rt
