// How long the sentinel's rounds are.
//
// The one parked worker that looks in on busy neighbours (see idle.h) starts with short rounds, because a job
// that has just begun is the likeliest to leave sockets unserved for the first time, and doubles them while
// it finds nothing. Not thread-safe: lives on the sentinel's stack.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "weft/rt/base/config.h"
#include "weft/rt/os/clock.h"

namespace weft::inline WEFT_ABI::rt {

class sentinel {
 public:
  static constexpr std::int64_t usual_longest = 10'000'000;
  explicit sentinel(std::int64_t longest = usual_longest) noexcept : longest_(longest) {}

  // The length of the round that begins now.
  [[nodiscard]] std::int64_t round_ns() noexcept {
    length_ = std::min(length_ == 0 ? shortest : length_ * 2, longest_);
    ends_at_ = os::now_ns() + length_;
    return length_;
  }
  // It is as long as rounds become.
  [[nodiscard]] bool is_longest() const noexcept { return length_ == longest_; }

  // Whether the wait ended by the limit, not by an event or a wake-up.
  [[nodiscard]] bool is_round_over() const noexcept { return os::now_ns() >= ends_at_; }

 private:
  static constexpr std::int64_t shortest = 100'000;

  const std::int64_t longest_;
  std::int64_t length_ = 0;
  std::int64_t ends_at_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
