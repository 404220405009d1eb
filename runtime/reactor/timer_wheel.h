// Timers by deadline: a hierarchical wheel (Varghese and Lauck, SOSP 1987). Insert and cancel are O(1).
//
// A tick is 2^13 ns. Level 0 has a slot for each of the next 64 ticks, level 1 for each of the next 64 x 64
// ticks, and so on; nine levels hold every deadline that 63 bits of nanoseconds can say. When time has reached a
// slot of a higher level, its timers move down. A bitmap a level finds the next slot without looking at the
// empty ones. Nobody wakes up only to move a few timers down: where the next slot has few, the first of their
// deadlines is what counts, not the beginning of the slot.
//
// Any thread, any function. One short lock: it is never held while waiting, and long lists are worked off in
// portions.
//
// Invariant 1: a waiting timer stands in the slot that place() gave it, and that slot's bit is set.
// Invariant 2: a timer never expires early: deadlines are rounded up to a tick, the time down.
// Invariant 3: earliest_ns_ is never later than the first deadline (rounded up to its tick).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/intrusive_list.h"
#include "weft/rt/reactor/timer.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

enum class timer_inserted : std::uint8_t {
  later,     // some other timer comes first
  earliest,  // before all others: whoever sleeps until next_deadline() must be woken
  refused,   // cancelled before it came here: the caller still owns it, see cancel()
};

class timer_wheel {
 public:
  static constexpr std::int64_t tick_ns = std::int64_t{1} << 13;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  // `now_ns` on the clock that deadlines and expire() use.
  explicit timer_wheel(std::int64_t now_ns) noexcept;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  // The timer is prepared and its leaf word armed. Unless `refused`, the timer may be gone on return. A
  // deadline that has passed expires with the next expire().
  //
  // `refused`: a canceller came first and has left the timer to the caller, who ends the wait as stopped:
  // `waiter->to_unwind(leaf)`, then `finish()` says who hands the job out.
  [[nodiscard]] timer_inserted insert(timer& waiting) noexcept;

  // True: the timer was in the wheel and is no longer; nobody else will touch it (cancel_outcome::taken).
  // False: it has expired, or has not arrived (then its insert will be refused); someone else is about to
  // finish() it (cancel_outcome::completing). A timer that has not arrived must not count as taken: the job
  // that unwinds its frame would race with the thread that is about to insert it.
  [[nodiscard]] bool cancel(timer& armed) noexcept;

  // Takes out every timer that is due; what their `expire` returns is appended to `ready`. Returns how many
  // expired.
  std::size_t expire(std::int64_t now_ns, job_list& ready) noexcept;

  // When to call expire() next; `never` when there is no timer. Not later than the first deadline rounded up
  // to its tick; may be earlier, for many timers that are far away.
  [[nodiscard]] std::int64_t next_deadline() noexcept;

  // How many wait.
  [[nodiscard]] std::size_t size() noexcept;

  // A hint without a lock: nothing to expire before this.
  [[nodiscard]] std::int64_t nothing_before() const noexcept {
    return earliest_ns_.load(std::memory_order_relaxed);  // a hint; the lists have a lock
  }

 private:
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1u << slot_bits;
  static constexpr unsigned levels = 9;
  static constexpr int portion = 256;
  static constexpr int few = 8;

  static std::uint64_t tick_of(std::int64_t deadline_ns) noexcept;
  static std::int64_t time_of(std::uint64_t tick) noexcept;

  struct position {
    unsigned level;
    unsigned slot;
    std::uint64_t tick;  // when it is reached
  };
  // These want lock_ held.
  void place(timer& waiting) noexcept;
  void unlink(timer& waiting) noexcept;
  [[nodiscard]] bool find_first(position& first) const noexcept;
  [[nodiscard]] std::int64_t first_time() const noexcept;

  mutex lock_;
  // All guarded by lock_.
  std::uint64_t current_;  // the tick up to which everything has expired
  std::uint32_t occupied_levels_ = 0;
  std::size_t size_ = 0;
  std::array<std::uint64_t, levels> occupied_{};
  std::array<intrusive_list<timer>, levels * slots> lists_{};

  // Written under lock_, read without it.
  atomic<std::int64_t> earliest_ns_{never};
};

}  // namespace weft::inline WEFT_ABI::rt
