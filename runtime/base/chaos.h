// Chaos: seeded perturbation of schedules, in test builds only (WEFT_CHAOS_BUILD=1).
//
// A point is a statement on one line, at a place where two threads can come in either order:
//
//     WEFT_CHAOS(yield);                     spins, yields or naps for a moment, or goes on at once
//     if (WEFT_CHAOS(failed_cas)) continue;  makes believe, now and then
//
// In any other build a point is nothing: `tests/house/chaos.py` compares the object code with that of sources without
// these lines, so a point stands alone on its line, and the code must be right without it.
//
// Invariant: a point asks for nothing that the protocol around it does not allow at any time. It adds no order: its
// words are relaxed, so that ThreadSanitizer sees the same races with it.
//
// Each thread draws from a stream of its own, made of the process's seed and the thread's number. So a seed repeats
// the decisions of each thread; what the system's scheduler makes of them may still differ (docs/testing.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

#if WEFT_CHAOS_BUILD
#if WEFT_MODEL
#error "WEFT_CHAOS_BUILD and WEFT_MODEL exclude each other: the explorer tries all schedules itself"
#endif

#include <cstdint>

#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt::chaos {

enum class point : std::uint8_t {
  yield,         // before or after a step that others see
  late_wake,     // between publishing and waking, and between deciding to sleep and sleeping
  early_wake,    // a sleeper wakes for nothing
  forced_steal,  // a neighbour's job comes before our own
  failed_cas,    // a weak exchange fails
  shuffle,       // an order that is promised to nobody
  cut_short,     // a budget is spent; what could go on at once goes through the loop
};
inline constexpr unsigned points = 7;

// One thread's decisions.
class stream {
 public:
  stream(std::uint64_t seed, std::uint64_t thread) noexcept;

  [[nodiscard]] bool strikes(unsigned percent) noexcept { return numbers_.below(100) < percent; }
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept { return numbers_.below(bound); }

 private:
  rng numbers_;
};

// The calling thread has come to a point: whether it is disturbed. `yield` and `late_wake` have then taken their time.
WEFT_NOINLINE bool reach(point here) noexcept;

// From the environment at first: WEFT_CHAOS_SEED (random, if it is not set) and WEFT_CHAOS_PERCENT: how often a point
// disturbs. Any thread; the order against threads at a point is anybody's guess.
[[nodiscard]] std::uint64_t seed() noexcept;
[[nodiscard]] unsigned percent() noexcept;
// At most 90, so that a loop with a point in it ends.
void set_percent(unsigned often) noexcept;
// All streams begin anew; threads get their numbers in the order in which they next come to a point.
void restart(std::uint64_t from) noexcept;

struct tally {
  std::uint64_t reached = 0;
  std::uint64_t struck = 0;
};
[[nodiscard]] tally tally_of(point which) noexcept;

}  // namespace weft::inline WEFT_ABI::rt::chaos

#define WEFT_CHAOS(kind) ::weft::rt::chaos::reach(::weft::rt::chaos::point::kind)

#else

// One line for each point, so that an unknown one does not compile in any build.
#define WEFT_CHAOS(kind) WEFT_NO_CHAOS_##kind
#define WEFT_NO_CHAOS_yield static_cast<void>(0)
#define WEFT_NO_CHAOS_late_wake static_cast<void>(0)
#define WEFT_NO_CHAOS_early_wake false
#define WEFT_NO_CHAOS_forced_steal false
#define WEFT_NO_CHAOS_failed_cas false
#define WEFT_NO_CHAOS_shuffle false
#define WEFT_NO_CHAOS_cut_short false

#endif
