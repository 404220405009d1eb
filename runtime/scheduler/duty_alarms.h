// Wakes a worker that sleeps some time from now, so that it becomes sentinel; not if what it is wanted for is over before.
//
// Where all were asleep, an event wakes one worker, and most often what that runs is over in microseconds. To wake another
// at once, to look in on the first, would cost more than the work. docs/protocols/sleep_wake.md, "The sentinel".
//
// Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "weft/rt/base/atomic.h"
#include "weft/rt/scheduler/station.h"

namespace weft::inline WEFT_ABI::rt {

class duty_alarms {
 public:
  // How long one runs unattended at most, where nobody was awake before.
  static constexpr std::int64_t delay_ns = 1'000'000;

  duty_alarms(std::size_t workers, const station_list& stations) : stations_(stations), alarms_(workers) {}

  // From now on one more wants `sleeper` to be woken after the delay, or earlier if it will be anyway, and takes that back
  // or lets it ring. The time.
  std::int64_t set(std::size_t sleeper) noexcept;
  void take_back(std::size_t sleeper) noexcept;
  void let_ring(std::size_t sleeper) noexcept;

 private:
  struct alarm {
    std::uint32_t wanted_by = 0;
    std::int64_t due_ns = 0;  // past: it has rung, or is not set
  };

  const station_list& stations_;
  mutex lock_;                 // held during a system call: two threads seldom meet here
  std::vector<alarm> alarms_;  // one a worker; guarded by lock_
};

}  // namespace weft::inline WEFT_ABI::rt
