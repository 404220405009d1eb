// Loops over [0, count), cut into parts while somebody takes them.
//
// Lazy binary splitting (Tzannes, Caragea, Barua, Vishkin, "Lazy binary-splitting: a run-time adaptive work-stealing
// scheduler", PPoPP 2010): a worker whose fork queue is not empty has something to be taken already, and goes on by
// itself, grain after grain; when the queue is empty, it offers the upper half of what is left. With nobody idle, a
// loop forks a few times and is a loop otherwise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "weft/detail/parallel_fork.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/engine.h"
#include "weft/stop.h"

namespace weft::inline WEFT_ABI::detail {

// How many elements go without a look at the queue and at stops. Small enough for `workers` of them to end together,
// even where some elements are dearer.
[[nodiscard]] inline std::size_t loop_grain(std::size_t asked, std::size_t count,
                                            std::size_t workers) noexcept {
  constexpr std::size_t parts_a_worker = 64;
  constexpr std::size_t largest = 1024;
  return asked != 0 ? asked : std::clamp<std::size_t>(count / (parts_a_worker * workers), 1, largest);
}

// The elements of [first, last), by number: integers themselves, or what iterators refer to.
template <class T>
concept loop_position = std::integral<T> || std::random_access_iterator<T>;

template <std::integral T>
[[nodiscard]] constexpr T loop_element(T first, std::size_t index) noexcept {
  using unsigned_type = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<unsigned_type>(first) + static_cast<unsigned_type>(index));
}
template <std::random_access_iterator T>
[[nodiscard]] constexpr decltype(auto) loop_element(const T& first, std::size_t index) {
  return first[static_cast<std::iter_difference_t<T>>(index)];
}
template <loop_position T>
[[nodiscard]] constexpr std::size_t loop_length(const T& first, const T& last) noexcept {
  if constexpr (std::integral<T>) {
    return first < last ? static_cast<std::size_t>(last) - static_cast<std::size_t>(first) : 0;
  } else {
    return first < last ? static_cast<std::size_t>(last - first) : 0;
  }
}

template <class First, class Body>
class parallel_loop {
 public:
  parallel_loop(First first, Body& body, std::size_t grain)
      : first_(std::move(first)), body_(body), grain_(grain) {}

  // Elements [begin, end), by their numbers.
  void run(rt::turn& now, std::size_t begin, std::size_t end) {
    while (begin < end) {
      if (is_cut_.load(std::memory_order_relaxed)) return;
      if (end - begin > grain_ && now.forks->empty()) {
        const std::size_t middle = begin + (end - begin) / 2;
        if (run_halves(now, begin, middle, end)) return;
        begin = middle;
        continue;
      }
      stop_if_asked();
      run_grain(begin, begin + std::min(grain_, end - begin));
      begin += std::min(grain_, end - begin);
    }
  }

  // A grain that throws makes the others superfluous.
  void run_grain(std::size_t begin, std::size_t end) {
    cut_unless_done guard{this};
    for (std::size_t i = begin; i < end; ++i) body_(loop_element(first_, i));
    guard.of = nullptr;
  }

  [[nodiscard]] std::size_t grain() const noexcept { return grain_; }

 private:
  struct cut_unless_done {
    parallel_loop* of;
    ~cut_unless_done() {
      if (of != nullptr) [[unlikely]]
        of->is_cut_.store(true, std::memory_order_relaxed);  // a hint
    }
  };

  // False: the upper half has come back untouched.
  bool run_halves(rt::turn& now, std::size_t begin, std::size_t middle, std::size_t end) {
    const auto run_upper = [&] { run(rt::this_turn(), middle, end); };
    fork upper(now, run_upper);
    return upper.taken_while(now, [&] { run(now, begin, middle); });
  }

  void stop_if_asked() {
#if defined(__cpp_exceptions)
    if (!is_stopping()) return;
    is_cut_.store(true, std::memory_order_relaxed);  // a hint
    WEFT_THROW(stopped_error());
#endif
  }

  const First first_;
  Body& body_;
  const std::size_t grain_;
  // Written by whoever ends the loop early, read by all; publishes nothing.
  rt::atomic<bool> is_cut_{false};
};

}  // namespace weft::inline WEFT_ABI::detail
