// The choices of one execution: whom to run, which store to read. Replays a prefix, then goes on as told.
//
// Depth first: next() moves the last choice that has more to offer. A choice string ("0021") replays any execution.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

class choices {
 public:
  // Forgets everything. With a seed, choices beyond the prefix are random; without, the first is taken.
  void restart(std::uint64_t seed) noexcept {
    taken_.clear();
    rewind();
    random_ = seed;
  }
  // Before each execution.
  void rewind() noexcept {
    at_ = 0;
    is_consistent_ = true;
  }
  void prescribe(const std::string& text);

  // One of `options`, which is at least 1. `favour`: a random walk takes the first in so many of 16 cases, and any
  // of them otherwise.
  [[nodiscard]] unsigned choose(unsigned options, unsigned favour) noexcept;

  // Towards the next execution, depth first. False: all have been seen.
  [[nodiscard]] bool next() noexcept;

  // False: the model did something else when it was run again, as if it depended on time or addresses.
  [[nodiscard]] bool is_consistent() const noexcept { return is_consistent_; }
  [[nodiscard]] std::string text() const;

  [[nodiscard]] std::uint64_t random() noexcept {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ * 0x2545F4914F6CDD1Dull >> 16;
  }

 private:
  struct choice {
    std::uint8_t taken;
    std::uint8_t options;  // 0: prescribed, not known
  };

  std::vector<choice> taken_;
  std::size_t at_ = 0;
  std::uint64_t random_ = 0;
  bool is_consistent_ = true;
};

}  // namespace weft::inline WEFT_ABI::model
