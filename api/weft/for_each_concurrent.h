// for_each_concurrent: the same for every element, at most n at a time.
//
//     auto users = co_await weft::for_each_concurrent(ids, 10, load_user);
//
// `fn(element)` returns a task, or another operation of ours; results stand in the order of the range
// (nothing for void, std::reference_wrapper for references). The range is any that can be read once; an
// lvalue is referred to, an rvalue is moved in. Elements are read one at a time, in order, as room becomes
// free; one that a range makes on the fly is gone when the next one is read, so take it by value. An empty
// range: ready at once.
//
// Thread safety: the tasks may run on any workers of the caller's runtime, at the same time. `fn` itself is
// called, and the range read, on any of them, but by one at a time.
// Errors: std::invalid_argument when n is zero. The first error asks the others to stop; no further element
// is begun; when all have ended it is thrown.
// Stop: forwarded; the caller is unwound when all have ended.
// Cost: n coroutines, however long the range is, and what `fn` makes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/detail/call.h"
#include "weft/detail/held.h"
#include "weft/detail/kept_value.h"
#include "weft/rt/base/atomic.h"
#include "weft/task.h"
#include "weft/when_all.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI {

namespace detail {

// What the lanes share: where the next element comes from, and where its result goes.
template <class View, class F>
class concurrent_loop {
 public:
  using element = std::ranges::range_reference_t<View>;
  using value = await_result<std::invoke_result_t<F&, element>>;
  using kept = kept_value<value>;

  concurrent_loop(View elements, F fn)
      : elements_(std::move(elements)), fn_(std::move(fn)), next_(std::ranges::begin(elements_)) {}

  // One of n: takes element after element.
  [[nodiscard]] task<> lane() {
    for (;;) {
      // An element whose task never waits would go on for ever after a stop, or another element's error.
      co_await stop_point_operation();
      std::optional<kept>* slot = nullptr;
      std::optional<task<value>> taken = take(slot);
      if (!taken) co_return;
      if constexpr (std::is_void_v<value>) {
        co_await std::move(*taken);
      } else {
        slot->emplace(co_await std::move(*taken));
      }
    }
  }

  [[nodiscard]] std::vector<kept> results() {
    std::vector<kept> all;
    all.reserve(slots_.size());
    for (std::optional<kept>& each : slots_) all.push_back(std::move(*each));
    return all;
  }

 private:
  // The next element's task, not started, or nothing at the end. Made under the lock: an element may live in
  // the iterator itself.
  std::optional<task<value>> take(std::optional<kept>*& slot) {
    const rt::lock_guard<rt::mutex> guard(lock_);
    if (next_ == std::ranges::end(elements_)) return std::nullopt;
    if constexpr (!std::is_void_v<value>) slot = &slots_.emplace_back();
    std::optional<task<value>> made(as_task(call(fn_, *next_)));
    ++next_;
    return made;
  }

  rt::mutex lock_;
  // All guarded by lock_; a slot, once made, belongs to its lane.
  View elements_;
  F fn_;
  std::ranges::iterator_t<View> next_;
  std::deque<std::optional<kept>> slots_;
};

template <class View, class F>
using concurrent_results = std::conditional_t<std::is_void_v<typename concurrent_loop<View, F>::value>, void,
                                              std::vector<typename concurrent_loop<View, F>::kept>>;

template <class View, class F>
task<concurrent_results<View, F>> run_concurrent_loop(held<View> elements, std::size_t at_most, held<F> fn) {
  if (at_most == 0) {
    WEFT_THROW(std::invalid_argument("weft::for_each_concurrent: at most zero at a time would never end"));
  }
  std::size_t lanes = at_most;
  if constexpr (std::ranges::sized_range<View>) {
    lanes = std::min<std::size_t>(lanes, std::ranges::size(*elements));
  }
  concurrent_loop<View, F> loop(std::move(*elements), std::move(*fn));
  std::vector<task<>> running;
  running.reserve(lanes);
  for (std::size_t i = 0; i < lanes; ++i) running.push_back(loop.lane());
  co_await when_all(std::move(running));
  if constexpr (!std::is_void_v<concurrent_results<View, F>>) co_return loop.results();
}

}  // namespace detail

template <std::ranges::input_range Range, class F>
  requires detail::awaitable_of_ours<std::invoke_result_t<F&, std::ranges::range_reference_t<Range>>>
[[nodiscard]] WEFT_CORO_KEEPS auto for_each_concurrent(Range&& elements, std::size_t at_most, F fn) {
  using view = std::views::all_t<Range>;
  return detail::run_concurrent_loop<view, F>(
      detail::held<view>(std::views::all(std::forward<Range>(elements))), at_most,
      detail::held<F>(std::move(fn)));
}

}  // namespace weft::inline WEFT_ABI
