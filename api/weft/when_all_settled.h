// when_all_settled: several tasks at once, and how each of them ended.
//
//     auto [user, orders] = co_await weft::when_all_settled(load_user(id), load_orders(id));
//     if (!orders) show(user.value(), "orders are not to be had");
//
//     std::vector<weft::outcome<page>> ends = co_await weft::when_all_settled(std::move(tasks));
//
// As when_all, but nobody's failure stops another task, and nothing is thrown: each task's end is an outcome,
// in argument order. It is when_all of as_outcome of each, without a frame for each.
//
//     // What is there after two seconds; the rest is_stopped().
//     auto ends = co_await weft::with_timeout(2s, weft::when_all_settled(std::move(tasks)));
//
// Thread safety: the tasks may run on any workers of the caller's runtime, at the same time.
// Errors: none but std::bad_alloc for a range. An exception that the move of a result throws takes its place.
// Stop: forwarded to all tasks; when all have ended the caller goes on with the outcomes, some of them
// stopped, though it is itself stopping: its next operation that could wait stops it. A caller that is
// stopping already begins nothing, and is unwound.
// Cost: no allocation for a fixed number of tasks; for a range one recycled block, and the vector of outcomes; one more
// vector for a range that does not know its size.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/detail/forked.h"
#include "weft/detail/task_range.h"
#include "weft/outcome.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

// How a child ended; its result is moved out.
template <class T>
outcome<T> outcome_of(child_scope<T>& child) noexcept {
  if (child.was_stopped()) return outcome<T>::stopped();
  if (child.has_error()) return outcome<T>::failed(child.result().take_error());
  WEFT_TRY {
    if constexpr (std::is_void_v<T>) {
      return outcome<T>(std::in_place);
    } else {
      return outcome<T>(std::in_place, child.result().take());
    }
  }
  WEFT_CATCH_ALL {
    return outcome<T>::failed(std::current_exception());
  }
}

struct settled_rule {
  static constexpr const char* name = "when_all_settled: ";

  template <class Child>
  static bool decides(Child&) noexcept {
    return false;
  }
  static bool goes_on(const rt::scope*, bool) noexcept { return true; }
  static void check(std::size_t) noexcept {}

  template <class... Ts>
  static std::tuple<outcome<Ts>...> take(child_pack<settled_rule, Ts...>& children, const rt::scope*) {
    return children.apply([](auto&... one) { return std::tuple<outcome<Ts>...>(outcome_of<Ts>(one)...); });
  }
  template <class T>
  static std::vector<outcome<T>> take(child_array<settled_rule, T>& children, const rt::scope*) {
    std::vector<outcome<T>> ends;
    ends.reserve(children.size());
    children.each([&ends](auto& one) { ends.push_back(outcome_of<T>(one)); });
    return ends;
  }
};

}  // namespace detail

template <class... Ts>
[[nodiscard]] auto when_all_settled(task<Ts>... tasks WEFT_LIFETIMEBOUND) noexcept {
  return detail::forked_operation<detail::settled_rule, Ts...>(tasks...);
}

// Operations too. Each becomes a task.
template <detail::awaitable_of_ours... As>
  requires(!(detail::is_task<As> && ...))
[[nodiscard]] auto when_all_settled(As... awaited WEFT_LIFETIMEBOUND) {
  return when_all_settled(detail::as_task(std::move(awaited))...);
}

template <detail::range_of_awaitables Range>
[[nodiscard]] auto when_all_settled(Range&& tasks) {
  return detail::forked_range<detail::settled_rule>(std::forward<Range>(tasks));
}

}  // namespace weft::inline WEFT_ABI
