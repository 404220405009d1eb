// when_all: several tasks at once, all results.
//
//     auto [user, orders] = co_await weft::when_all(load_user(id), load_orders(id));
//     std::vector<page> pages = co_await weft::when_all(std::move(tasks));
//     std::vector<page> more = co_await weft::when_all(urls | std::views::transform(fetch));
//
// Parallel by construction: every task is offered to the workers before the first one runs, so N tasks that
// burn a core take about one task's time on N workers. Results stand in argument order. Of a fixed number of
// tasks they are a tuple: void gives std::monostate, a reference a reference. Of a range (any that can be
// read once; the tasks are moved out of it at the call) they are a vector, of std::reference_wrapper for
// references, and nothing for task<void>. Other operations of ours may stand in place of tasks. No tasks:
// ready at once.
//
// Thread safety: the tasks may run on any workers of the caller's runtime, at the same time.
// Errors: the first task that fails (in time) asks the others to stop; all are awaited; then that error is
// thrown. Errors that come after it are dropped: "weft/when_all_settled.h" gives each, a task_group reports
// them all. std::bad_alloc for a range.
// Stop: forwarded to all tasks; the caller is unwound when all have ended. If they all finish nevertheless,
// the results are delivered: a completed effect wins. In a caller that is stopping already nothing begins.
// Cost: no allocation for a fixed number of tasks; for a range one recycled block, and the vector of results; one more
// vector for a range that does not know its size.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/detail/forked.h"
#include "weft/detail/kept_value.h"
#include "weft/detail/task_range.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

struct when_all_rule {
  static constexpr const char* name = "when_all: ";

  template <class Child>
  static bool decides(Child& finished) noexcept {
    return finished.result().has_error();
  }
  static bool goes_on(const rt::scope* failed, bool any_stopped) noexcept {
    return failed != nullptr || !any_stopped;
  }
  static void check(std::size_t) noexcept {}

  template <class... Ts>
  static std::tuple<value_or_monostate<Ts>...> take(child_pack<when_all_rule, Ts...>& children,
                                                    const rt::scope* failed) {
    if (failed != nullptr) [[unlikely]]
      throw_error_of(children, failed);
    return children.apply(
        [](auto&... one) { return std::tuple<value_or_monostate<Ts>...>(take_result(one.result())...); });
  }
  template <class T>
  static auto take(child_array<when_all_rule, T>& children, const rt::scope* failed) {
    if (failed != nullptr) [[unlikely]]
      throw_error_of(children, failed);
    if constexpr (!std::is_void_v<T>) {
      std::vector<kept_value<T>> results;
      results.reserve(children.size());
      children.each([&results](auto& one) { results.push_back(one.result().take()); });
      return results;
    }
  }

 private:
  template <class Children>
  static void throw_error_of(Children& children, const rt::scope* failed) {
    children.each([failed](auto& one) {
      if (&one == failed) static_cast<void>(one.result().take());
    });
  }
};

}  // namespace detail

template <class... Ts>
[[nodiscard]] auto when_all(task<Ts>... tasks WEFT_LIFETIMEBOUND) noexcept {
  return detail::forked_operation<detail::when_all_rule, Ts...>(tasks...);
}

// Operations too: `co_await weft::when_all(weft::sleep_for(1s), fetch(url))`. Each becomes a task.
template <detail::awaitable_of_ours... As>
  requires(!(detail::is_task<As> && ...))
[[nodiscard]] auto when_all(As... awaited WEFT_LIFETIMEBOUND) {
  return when_all(detail::as_task(std::move(awaited))...);
}

template <detail::range_of_awaitables Range>
[[nodiscard]] auto when_all(Range&& tasks) {
  return detail::forked_range<detail::when_all_rule>(std::forward<Range>(tasks));
}

}  // namespace weft::inline WEFT_ABI
