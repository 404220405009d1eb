// Counts that cost next to nothing: written by one thread at a time, read by any.
//
// `tally`: one writer, or several that hand it over (as the seat of a reactor does), so an addition is a load
// and a store, and no locked instruction. `shared_tally`: any writer, a locked addition, for what happens
// seldom.
//
// What is read is exact for some moment, and orders nothing. A model runs its threads one at a time, and a
// count decides nothing there: it is a plain number, so that the explorer has no more orders to try.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"

namespace weft::inline WEFT_ABI::rt {

#if WEFT_MODEL

class tally {
 public:
  void add(std::uint64_t more = 1) noexcept { count_ += more; }
  [[nodiscard]] std::uint64_t read() const noexcept { return count_; }

 private:
  std::uint64_t count_ = 0;
};

using shared_tally = tally;

#else

class tally {
 public:
  constexpr tally() noexcept = default;

  // The writer.
  void add(std::uint64_t more = 1) noexcept {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    // One instruction, where GCC makes three of the lines below. An aligned word is written whole.
    asm("addq %1, %0" : "+m"(count_) : "er"(more) : "cc");
#else
    const std::uint64_t before = count_.load(std::memory_order_relaxed);  // ours
    count_.store(before + more, std::memory_order_relaxed);               // a number for people
#endif
  }
  // Any thread.
  [[nodiscard]] std::uint64_t read() const noexcept {
    return count_.load(std::memory_order_relaxed);  // see the head
  }

 private:
  // Written by one thread at a time, read by any.
  atomic<std::uint64_t> count_{0};
};

class shared_tally {
 public:
  // Any thread.
  void add(std::uint64_t more = 1) noexcept {
    sum_.fetch_add(more, std::memory_order_relaxed);  // a number for people
  }
  [[nodiscard]] std::uint64_t read() const noexcept {
    return sum_.load(std::memory_order_relaxed);  // the same
  }

 private:
  // Written and read by any thread.
  atomic<std::uint64_t> sum_{0};
};

#endif

}  // namespace weft::inline WEFT_ABI::rt
