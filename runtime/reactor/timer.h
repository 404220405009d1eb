// One timer: a deadline and what to do about it. Lives in the frame that waits, so that waiting allocates
// nothing.
//
// The order of arming is that of every operation: the timer is prepared (`wheel` is set), the leaf word is
// armed, and then the wheel is told. A canceller may therefore be faster than insert(); what happens then
// stands at timer_wheel::cancel.
//
// Invariant: `state`, `slot` and the links are guarded by the wheel's lock from the moment that the leaf word
// is armed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/config.h"
#include "weft/rt/work/job.h"

namespace weft::inline WEFT_ABI::rt {

class timer_wheel;

enum class timer_state : std::uint8_t {
  idle,       // prepared, not yet in the wheel
  waiting,    // in the wheel
  refused,    // cancelled while idle: the insert to come fails
  cancelled,  // taken out of the wheel by a canceller
  expired,
};

struct timer {
  // Called once, when the deadline has passed, with the wheel's lock held: it must not wait, nor call the
  // wheel. Returns the job to run, or null when a canceller will hand it out; the timer may be gone once it
  // has returned. Usually: `return waiter->finish() ? waiter : nullptr;`
  using expire_fn = job* (*)(timer&) noexcept;

  explicit timer(expire_fn when_due) noexcept : expire(when_due) {}

  // Before the leaf word is armed. Also makes a timer that has expired or was cancelled fit for another
  // round.
  void prepare(timer_wheel& home, std::int64_t due_ns) noexcept {
    wheel = &home;
    deadline_ns = due_ns;
    state = timer_state::idle;
  }

  timer* next = nullptr;
  timer* prev = nullptr;
  timer_wheel* wheel = nullptr;
  std::int64_t deadline_ns = 0;  // on the monotonic clock
  expire_fn expire;
  std::uint16_t slot = 0;  // which list of the wheel it stands in
  timer_state state = timer_state::idle;
};

}  // namespace weft::inline WEFT_ABI::rt
