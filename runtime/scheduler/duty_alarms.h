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

  duty_alarms(std::size_t workers, const station_list& stations)
      : stations_(stations), wanted_by_(workers, 0) {}

  // From now on one more wants `sleeper` to be woken, and will take that back. Starts its delay anew.
  void set(std::size_t sleeper) noexcept;
  void take_back(std::size_t sleeper) noexcept;

 private:
  const station_list& stations_;
  mutex lock_;                            // held during a system call: two threads seldom meet here
  std::vector<std::uint32_t> wanted_by_;  // by how many each is wanted; guarded by lock_, as are the alarms
};

}  // namespace weft::inline WEFT_ABI::rt
