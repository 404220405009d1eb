// Closures in parallel, on the workers' own queues: nothing is allocated, and nothing locked that nobody takes.
//
//     auto [low, high] = weft::parallel_invoke([&] { return sort(left); }, [&] { return sort(right); });
//     weft::parallel_for(rows, [&](row& each) { each.blur(); });
//     weft::parallel_for(0, n, [&](int i) { out[i] = f(in[i]); });
//     const double total = weft::parallel_reduce(prices, 0.0, [](const price& p) { return p.value; }, std::plus());
//
// Plain functions that return when all is done: called in a task, in another closure, at any depth. Elsewhere the
// runtime comes first, weft::parallel_for(rt, …), and the calling thread waits while the workers do it. Meanwhile the
// caller's worker runs nothing else: for what takes more than some milliseconds beside sockets and timers take
// parallel_for_async(), or compute(), which has threads of its own.
//
// parallel_invoke calls its functions in their order, as far as nobody else takes them; the last one is taken first.
// Results: a tuple, with std::monostate for void and std::reference_wrapper for references; void when all are void.
// parallel_for cuts the range in halves while somebody takes them. parallel_reduce is init + f(a) + f(b) + … with any
// `combine` in the place of +, which must be associative and need not be commutative. Where it puts the brackets
// depends on the length and the grain alone, so floating-point results repeat.
// `grain` is how many elements are one piece; 0 chooses.
//
// Thread safety: the functions run on any workers of the runtime, at the same time; `body`, `map` and `combine` are one
// object for all. Do not hold a lock across the call that they take too; a thread that waits runs only functions of the
// same call, or deeper.
// Errors: std::logic_error on a thread that is no worker, and on a worker of another runtime. When a function throws,
// what nobody has begun is skipped, what runs is waited for, and the leftmost of the errors is thrown.
// Stop: parallel_for and parallel_reduce look between two pieces, on every worker, and throw stopped_error, which is the
// task's own stop again when it reaches its end. is_stopping() works in all functions. Built without exceptions, they run
// to the end. The async forms are stop points in every piece.
// Cost: 5 to 10 ns a fork that nobody takes; microseconds for one that is taken.
// Source: Blumofe and others, "Cilk" (PPoPP 1995), for the blocking join on a work-stealing deque; see also
// detail/closure.h and detail/parallel_loop.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "weft/detail/closure.h"
#include "weft/detail/held.h"
#include "weft/detail/parallel_async.h"
#include "weft/detail/parallel_loop.h"
#include "weft/detail/parallel_row.h"
#include "weft/detail/parallel_sum.h"
#include "weft/runtime.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

template <std::invocable... Fs>
  requires(sizeof...(Fs) >= 1)
auto parallel_invoke(Fs&&... functions) {
  rt::turn& now = detail::turn_for_closures("parallel_invoke");
  std::tuple<detail::row_result<Fs>...> results;
  detail::run_row<sizeof...(Fs) - 1>(now, results, functions...);
  if constexpr (!(std::is_void_v<std::invoke_result_t<Fs&>> && ...)) {
    return std::apply(
        [](auto&... each) {
          return std::tuple<detail::kept_value<std::invoke_result_t<Fs&>>...>(std::move(*each)...);
        },
        results);
  }
}

template <class First, class Last, class Body>
  requires detail::loop_position<std::common_type_t<First, Last>>
void parallel_for(First first, Last last, Body&& body, std::size_t grain = 0) {
  using position = std::common_type_t<First, Last>;
  rt::turn& now = detail::turn_for_closures("parallel_for");
  const std::size_t count = detail::loop_length<position>(first, last);
  detail::parallel_loop<position, std::remove_reference_t<Body>> loop(
      first, body, detail::loop_grain(grain, count, now.home->worker_count()));
  loop.run(now, 0, count);
}

template <std::ranges::random_access_range Range, class Body>
  requires std::ranges::sized_range<Range>
void parallel_for(Range&& elements, Body&& body, std::size_t grain = 0) {
  const auto first = std::ranges::begin(elements);
  parallel_for(first, first + std::ranges::distance(elements), body, grain);
}

template <class First, class Last, class T, class Map, class Combine>
  requires detail::loop_position<std::common_type_t<First, Last>>
T parallel_reduce(First first, Last last, T init, Map&& map, Combine&& combine, std::size_t grain = 0) {
  using position = std::common_type_t<First, Last>;
  rt::turn& now = detail::turn_for_closures("parallel_reduce");
  const std::size_t count = detail::loop_length<position>(first, last);
  if (count == 0) return init;
  detail::parallel_sum<T, position, std::remove_reference_t<Map>, std::remove_reference_t<Combine>> sum(
      first, map, combine, detail::sum_grain(grain, count));
  return combine(std::move(init), sum.run(now, 0, count));
}

template <std::ranges::random_access_range Range, class T, class Map, class Combine>
  requires std::ranges::sized_range<Range>
T parallel_reduce(Range&& elements, T init, Map&& map, Combine&& combine, std::size_t grain = 0) {
  const auto first = std::ranges::begin(elements);
  return parallel_reduce(first, first + std::ranges::distance(elements), std::move(init), map, combine,
                         grain);
}

namespace detail {

template <class F>
task<std::invoke_result_t<F&>> call_on_worker(F& function) {
  co_return function();
}

template <class F>
std::invoke_result_t<F&> call_from_outside(runtime& on, F function) {
  if (on.engine().is_on_worker()) return function();
  return on.block_on(call_on_worker(function));
}

}  // namespace detail

// Awaitable: no worker waits for another one, and others run in between when the task has used up its turn. The body,
// `map` and `combine` are kept; of a range, an lvalue is referred to and an rvalue moved in. Each piece is a coroutine's
// round: tens of nanoseconds.
//
//     co_await weft::parallel_for_async(rows, [](row& each) { each.blur(); });
//
template <class First, class Last, class Body>
  requires detail::loop_position<std::common_type_t<First, Last>>
[[nodiscard]] WEFT_CORO_KEEPS task<> parallel_for_async(First first, Last last, Body body,
                                                        std::size_t grain = 0) {
  using position = std::common_type_t<First, Last>;
  return detail::run_async_loop<position, Body>(first, last, detail::held<Body>(std::move(body)), grain);
}
template <std::ranges::random_access_range Range, class Body>
  requires std::ranges::sized_range<Range>
[[nodiscard]] WEFT_CORO_KEEPS task<> parallel_for_async(Range&& elements, Body body, std::size_t grain = 0) {
  using view = std::views::all_t<Range>;
  return detail::run_async_range_loop<view, Body>(
      detail::held<view>(std::views::all(std::forward<Range>(elements))), detail::held<Body>(std::move(body)),
      grain);
}
template <class First, class Last, class T, class Map, class Combine>
  requires detail::loop_position<std::common_type_t<First, Last>>
[[nodiscard]] WEFT_CORO_KEEPS task<T> parallel_reduce_async(First first, Last last, T init, Map map,
                                                            Combine combine, std::size_t grain = 0) {
  using position = std::common_type_t<First, Last>;
  return detail::run_async_sum<T, position, Map, Combine>(first, last, detail::held<T>(std::move(init)),
                                                          detail::held<Map>(std::move(map)),
                                                          detail::held<Combine>(std::move(combine)), grain);
}

// The same from threads that are no workers: they wait, and throw as runtime::block_on does.
template <class... Fs>
auto parallel_invoke(runtime& on, Fs&&... functions) {
  return detail::call_from_outside(on, [&] { return parallel_invoke(functions...); });
}
// parallel_for_async and parallel_reduce_async: give them to rt.block_on().
template <class... Args>
void parallel_for(runtime& on, Args&&... arguments) {
  detail::call_from_outside(on, [&] { parallel_for(std::forward<Args>(arguments)...); });
}
template <class... Args>
auto parallel_reduce(runtime& on, Args&&... arguments) {
  return detail::call_from_outside(on, [&] { return parallel_reduce(std::forward<Args>(arguments)...); });
}

}  // namespace weft::inline WEFT_ABI
