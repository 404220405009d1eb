// What a thread of a model knows: for each word the oldest store that it may still read, and for each thread
// how far it has heard of it.
//
// A release hands a copy over, an acquire joins it in. `heard` are vector clocks; they say whether two accesses
// to plain data, or an access and a destruction, are ordered. `consistent` is where the thread stands in the
// total order of the sequentially consistent accesses.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

inline constexpr std::size_t most_threads = 8;  // the body of the model is thread 0
inline constexpr std::size_t most_words = 80;

struct view {
  std::array<std::uint16_t, most_words> oldest{};
  std::array<std::uint16_t, most_threads> heard{};
  std::uint16_t consistent = 0;

  void join(const view& other) noexcept {
    for (std::size_t i = 0; i < most_words; ++i) oldest[i] = std::max(oldest[i], other.oldest[i]);
    for (std::size_t i = 0; i < most_threads; ++i) heard[i] = std::max(heard[i], other.heard[i]);
    consistent = std::max(consistent, other.consistent);
  }
};

}  // namespace weft::inline WEFT_ABI::model
