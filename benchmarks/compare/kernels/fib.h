// fib, fib_closures: the naive recursion, with a task for each call and no cut-off: only the price of forking.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace compare {

inline constexpr int fib_full = 25;
inline constexpr int fib_tiny = 12;

// The recursion without tasks.
inline std::uint64_t fib_serial(int n) {
  return n < 2 ? static_cast<std::uint64_t>(n) : fib_serial(n - 1) + fib_serial(n - 2);
}

// What every way must come to.
constexpr std::uint64_t fib_answer(int n) {
  std::uint64_t low = 0;
  std::uint64_t high = 1;
  for (; n > 0; --n) {
    const std::uint64_t sum = low + high;
    low = high;
    high = sum;
  }
  return low;
}

}  // namespace compare
