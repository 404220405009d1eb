// when_any: several tasks at once, the first that ends.
//
//     auto first = co_await weft::when_any(from_cache(key), from_store(key));   // a std::variant
//     if (first.index() == 0) …
//
//     auto [index, reply] = co_await weft::when_any(std::move(tasks));          // of a range: any_result<T>
//
// All are started as when_all starts them. The first to end in time, with a value or an error, wins; the
// others are asked to stop and awaited, so that nothing runs on when the caller goes on. Whoever ignores the
// stop is waited for. Of a fixed number of tasks the result is a variant whose index is the winner's
// (std::monostate for void, std::reference_wrapper for a reference); a value that a loser brings
// nevertheless is dropped. With several ready at once the first argument has the best prospects: nothing is
// drawn by lot.
//
// Thread safety: the tasks may run on any workers of the caller's runtime, at the same time.
// Errors: if the winner failed, its error is thrown. An error of a loser is never lost: it goes to
// runtime_options::on_unhandled_error before the caller goes on. An empty range: std::invalid_argument.
// Stop: forwarded to all tasks; if none of them ends with a value or an error nevertheless, the caller is
// unwound when all have ended. In a caller that is stopping already nothing begins.
// Cost: no allocation for a fixed number of tasks; for a range one recycled block, and
// a vector if the range does not know its size.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <utility>
#include <variant>

#include "weft/detail/forked.h"
#include "weft/detail/kept_value.h"
#include "weft/detail/spawned.h"
#include "weft/detail/task_range.h"
#include "weft/rt/engine.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

// Which task of a range ended first, and its value. It has constructors because GCC 12 destroys aggregates
// in a co_await expression twice.
template <class T>
struct any_result {
  any_result(std::size_t winner, T&& result) : index(winner), value(std::forward<T>(result)) {}
  std::size_t index;
  T value;
};
template <>
struct any_result<void> {
  explicit any_result(std::size_t winner) noexcept : index(winner) {}
  std::size_t index;
};

namespace detail {

struct when_any_rule {
  static constexpr const char* name = "when_any: ";

  template <class Child>
  static bool decides(Child&) noexcept {
    return true;
  }
  static bool goes_on(const rt::scope* winner, bool) noexcept { return winner != nullptr; }
  static void check(std::size_t count) {
    if (count == 0) WEFT_THROW(std::invalid_argument("weft::when_any: of no tasks none ends first"));
  }

  template <class... Ts>
  static std::variant<kept_value<Ts>...> take(child_pack<when_any_rule, Ts...>& children,
                                              const rt::scope* winner) {
    const std::size_t index = settle_losers(children, winner);
    return take_as(children, index, std::index_sequence_for<Ts...>());
  }
  template <class T>
  static any_result<T> take(child_array<when_any_rule, T>& children, const rt::scope* winner) {
    const std::size_t index = settle_losers(children, winner);
    if constexpr (std::is_void_v<T>) {
      children[index].result().take();
      return any_result<T>(index);
    } else {
      return any_result<T>(index, children[index].result().take());
    }
  }

 private:
  // Reports what losers threw; the winner's index.
  template <class Children>
  static std::size_t settle_losers(Children& children, const rt::scope* winner) noexcept {
    std::size_t index = 0;
    std::size_t at = 0;
    children.each([&](auto& one) {
      if (&one == winner) {
        index = at;
      } else if (one.has_error()) {
        report_unhandled(*one.home().unhandled(), one, one.root->site(), one.result().take_error());
      }
      ++at;
    });
    return index;
  }

  template <class... Ts, std::size_t... I>
  static std::variant<kept_value<Ts>...> take_as(child_pack<when_any_rule, Ts...>& children,
                                                 std::size_t index, std::index_sequence<I...>) {
    using pack = child_pack<when_any_rule, Ts...>;
    using first = std::variant<kept_value<Ts>...>;
    using take_one = first (*)(pack&);
    static constexpr take_one by_index[] = {[](pack& all) {
      return first(std::in_place_index<I>, take_result(all.template get<I>().result()));
    }...};
    return by_index[index](children);
  }
};

}  // namespace detail

template <class... Ts>
[[nodiscard]] auto when_any(task<Ts>... tasks WEFT_LIFETIMEBOUND) noexcept {
  static_assert(sizeof...(Ts) != 0, "of no tasks none ends first");
  return detail::forked_operation<detail::when_any_rule, Ts...>(tasks...);
}

// Operations too: `co_await weft::when_any(weft::sleep_for(1s), fetch(url))`. Each becomes a task.
template <detail::awaitable_of_ours... As>
  requires(!(detail::is_task<As> && ...))
[[nodiscard]] auto when_any(As... awaited WEFT_LIFETIMEBOUND) {
  return when_any(detail::as_task(std::move(awaited))...);
}

template <detail::range_of_awaitables Range>
[[nodiscard]] auto when_any(Range&& tasks) {
  return detail::forked_range<detail::when_any_rule>(std::forward<Range>(tasks));
}

}  // namespace weft::inline WEFT_ABI
