// The loops of parallel_loop.h and the trees of parallel_sum.h as coroutines: halves are joined without blocking.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <utility>

#include "weft/detail/held.h"
#include "weft/detail/parallel_loop.h"
#include "weft/detail/parallel_sum.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/task.h"
#include "weft/when_all.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI::detail {

// Elements [begin, end) of a loop that lives in the frame of run_async_loop().
template <class Loop>
task<> loop_part(Loop& all, std::size_t begin, std::size_t end) {
  while (begin < end) {
    co_await checkpoint();
    if (end - begin > all.grain() && rt::this_turn().forks->empty()) {
      const std::size_t middle = begin + (end - begin) / 2;
      co_await when_all(loop_part(all, begin, middle), loop_part(all, middle, end));
      co_return;
    }
    const std::size_t next = begin + std::min(all.grain(), end - begin);
    all.run_grain(begin, next);
    begin = next;
  }
}

template <class T, class Body>
task<> run_async_loop(T first, T last, held<Body> body, std::size_t grain) {
  const std::size_t count = loop_length<T>(first, last);
  parallel_loop<T, Body> loop(first, *body, loop_grain(grain, count, rt::this_turn().home->worker_count()));
  co_await loop_part(loop, 0, count);
}

template <class View, class Body>
task<> run_async_range_loop(held<View> elements, held<Body> body, std::size_t grain) {
  const auto first = std::ranges::begin(*elements);
  const auto last = first + std::ranges::distance(*elements);
  co_await run_async_loop(first, last, std::move(body), grain);
}

template <class T, class Sum>
task<T> sum_part(Sum& all, std::size_t begin, std::size_t end) {
  co_await checkpoint();
  if (end - begin <= all.grain()) co_return all.run_grain(begin, end);
  const std::size_t middle = begin + (end - begin) / 2;
  auto [low, high] = co_await when_all(sum_part<T>(all, begin, middle), sum_part<T>(all, middle, end));
  co_return all.add(std::move(low), std::move(high));
}

template <class T, class First, class Map, class Combine>
task<T> run_async_sum(First first, First last, held<T> init, held<Map> map, held<Combine> combine,
                      std::size_t grain) {
  const std::size_t count = loop_length<First>(first, last);
  if (count == 0) co_return std::move(*init);
  parallel_sum<T, First, Map, Combine> sum(first, *map, *combine, sum_grain(grain, count));
  T total = co_await sum_part<T>(sum, 0, count);
  co_return sum.add(std::move(*init), std::move(total));
}

}  // namespace weft::inline WEFT_ABI::detail
