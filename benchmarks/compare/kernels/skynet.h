// skynet: a task makes ten, each of which makes ten, down to a million leaves; the leaves' numbers are summed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace compare {

inline constexpr std::uint64_t skynet_full = 1'000'000;
inline constexpr std::uint64_t skynet_tiny = 1'000;
inline constexpr std::uint64_t skynet_fan_out = 10;

constexpr std::uint64_t skynet_answer(std::uint64_t leaves) {
  return leaves * (leaves - 1) / 2;
}

inline std::uint64_t skynet_serial(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  const std::uint64_t each = leaves / skynet_fan_out;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < skynet_fan_out; ++i) sum += skynet_serial(first + i * each, each);
  return sum;
}

}  // namespace compare
