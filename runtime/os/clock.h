// Monotonic time: what a deadline is made of.
//
// For every room above. `steady_clock` is CLOCK_MONOTONIC in both standard libraries: a jump of the wall
// clock moves no timer.
//
// Surprising: a deadline that cannot be written down is `never`, not an overflow; so is one after NaN
// seconds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt::os {

using time_point = std::chrono::steady_clock::time_point;

inline constexpr time_point never = time_point::max();

[[nodiscard]] inline time_point now() noexcept {
  return std::chrono::steady_clock::now();
}

[[nodiscard]] constexpr std::int64_t to_ns(time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

[[nodiscard]] inline std::int64_t now_ns() noexcept {
  return to_ns(now());
}

// Any duration in nanoseconds, rounded up so that nobody wakes early, and kept within what 64 bits hold.
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds saturating_ns(
    std::chrono::duration<Rep, Period> length) noexcept {
  using std::chrono::nanoseconds;
  using to_nano = std::ratio_divide<Period, std::nano>;
  // Far from the edge, as long double may be no wider than double. 146 years are never.
  constexpr long double most = 4611686018427387904.0L;  // 2^62
  const long double approximate = std::chrono::duration<long double, std::nano>(length).count();
  if (!(approximate < most)) return nanoseconds::max();  // NaN too
  if (approximate < -most) return nanoseconds::min();
  if constexpr (to_nano::num == 1 || to_nano::den == 1) {
    return std::chrono::ceil<nanoseconds>(length);
  } else {
    // Exact arithmetic multiplies before it divides, and could overflow in between.
    return nanoseconds(static_cast<std::int64_t>(approximate) + (approximate > 0 ? 1 : 0));
  }
}

template <class Rep, class Period>
[[nodiscard]] constexpr time_point saturating_add(time_point when,
                                                  std::chrono::duration<Rep, Period> length) noexcept {
  const std::chrono::nanoseconds ns = saturating_ns(length);
  if (ns == std::chrono::nanoseconds::max()) return time_point::max();
  std::int64_t sum = 0;
  if (__builtin_add_overflow(to_ns(when), static_cast<std::int64_t>(ns.count()), &sum)) {
    return ns.count() < 0 ? time_point::min() : time_point::max();
  }
  return time_point(std::chrono::duration_cast<time_point::duration>(std::chrono::nanoseconds(sum)));
}

template <class Rep, class Period>
[[nodiscard]] time_point deadline_after(std::chrono::duration<Rep, Period> length) noexcept {
  return saturating_add(now(), length);
}

}  // namespace weft::inline WEFT_ABI::rt::os
