// Small random numbers, to choose victims. Never for secrets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016).
class rng {
 public:
  explicit rng(std::uint64_t seed) noexcept : state_(seed * 2 + 1) {}

  // A number below `bound`, which is at least 1. The bias of the multiply-shift is below 2^-32 * bound.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    const std::uint64_t high = (state_ * 0x2545F4914F6CDD1Dull) >> 32;
    return static_cast<std::uint32_t>((high * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace weft::inline WEFT_ABI::rt
