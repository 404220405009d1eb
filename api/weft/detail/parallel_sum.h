// parallel_reduce's tree: halves of halves, down to the grain.
//
// Invariant: the tree depends on the number of elements and the grain alone, not on who takes what. So results are the
// same from run to run, floating point included.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "weft/detail/parallel_fork.h"
#include "weft/detail/parallel_loop.h"
#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI::detail {

// Not of the number of workers, see above.
[[nodiscard]] inline std::size_t sum_grain(std::size_t asked, std::size_t count) noexcept {
  constexpr std::size_t parts = 512;
  return asked != 0 ? asked : (count + parts - 1) / parts;
}

template <class T, class First, class Map, class Combine>
class parallel_sum {
 public:
  parallel_sum(First first, Map& map, Combine& combine, std::size_t grain)
      : first_(std::move(first)), map_(map), combine_(combine), grain_(grain) {}

  // Of [begin, end), which is not empty.
  T run(rt::turn& now, std::size_t begin, std::size_t end) {
    if (end - begin <= grain_) return run_grain(begin, end);
    const std::size_t middle = begin + (end - begin) / 2;
    const auto run_upper = [&] { return run(rt::this_turn(), middle, end); };
    fork upper(now, run_upper);
    std::optional<T> low;
    const bool is_taken = upper.taken_while(now, [&] { low.emplace(run(now, begin, middle)); });
    return combine_(*std::move(low), is_taken ? upper.take() : run_upper());
  }

  T run_grain(std::size_t begin, std::size_t end) {
    stop_if_asked();
    T sum(map_(loop_element(first_, begin)));
    for (std::size_t i = begin + 1; i < end; ++i)
      sum = combine_(std::move(sum), map_(loop_element(first_, i)));
    return sum;
  }

  T add(T low, T high) { return combine_(std::move(low), std::move(high)); }

  [[nodiscard]] std::size_t grain() const noexcept { return grain_; }

 private:
  static void stop_if_asked() {
#if defined(__cpp_exceptions)
    if (is_stopping()) WEFT_THROW(stopped_error());
#endif
  }

  const First first_;
  Map& map_;
  Combine& combine_;
  const std::size_t grain_;
};

}  // namespace weft::inline WEFT_ABI::detail
