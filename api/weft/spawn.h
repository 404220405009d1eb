// spawn: start a task now, and get a handle to it.
//
//     auto page = weft::spawn(fetch, url);      // a callable and its arguments: both are kept alive
//     auto other = weft::spawn(fetch(url2));    // or a task
//     use(co_await page, co_await other);
//
// Returns before the body runs. Arguments are moved or copied in, and passed on as rvalues (std::ref for a
// reference). A lambda that is a coroutine must be spawned as a callable, never as a task that it returned:
// its captures die with it.
//
// weft::named("x") in front gives it a name in reports.
//
// Thread safety: called by a task (from other threads: runtime::spawn). The new task belongs to the same
// runtime.
// Errors: std::bad_alloc. On a runtime that is stopping, the task ends as stopped without having run.
// Cost: one allocation besides the coroutine's frame; a wake-up of another worker if one sleeps and none
// searches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

#include "weft/detail/spawned.h"
#include "weft/join_handle.h"
#include "weft/named.h"

namespace weft::inline WEFT_ABI {

namespace detail {

template <class F, class... Args>
join_handle<spawned_value<F, Args...>> spawn_on(rt::engine& home, spawn_mark mark, F&& function,
                                                Args&&... arguments) {
  using value = spawned_value<F, Args...>;
  using block = spawned_call<value, kept_call<std::decay_t<F>, std::decay_t<Args>...>>;
  auto owned = std::unique_ptr<block>(
      new block(std::move(mark), std::forward<F>(function), std::forward<Args>(arguments)...));
  promise<value>* const coroutine = owned->kept->make().release();
  block* const launched = owned.release();
  join_handle<value> handle(*launched);
  launched->launch(home, home.root_context(), coroutine);
  return handle;
}

template <class T>
join_handle<T> spawn_on(rt::engine& home, spawn_mark mark, task<T> coroutine) {
  struct nothing {};
  auto* const launched = new spawned_call<T, nothing>(std::move(mark));
  join_handle<T> handle(*launched);
  launched->launch(home, home.root_context(), coroutine.release());
  return handle;
}

// Without a place.
template <class First, class... Rest>
  requires(!std::same_as<std::remove_cvref_t<First>, spawn_mark>)
auto spawn_on(rt::engine& home, First&& first, Rest&&... rest) {
  return spawn_on(home, spawn_mark(), std::forward<First>(first), std::forward<Rest>(rest)...);
}

// The runtime whose task calls.
[[nodiscard]] inline rt::engine& current_engine() noexcept {
  rt::engine* const home = rt::this_turn().home;
  WEFT_CHECK(home != nullptr, "weft::spawn is called by a task; on other threads use runtime::spawn");
  return *home;
}

}  // namespace detail

template <class F>
  requires detail::spawnable<F>
join_handle<detail::spawned_value<F>> spawn(F&& function,
                                            std::source_location where = std::source_location::current()) {
  return detail::spawn_on(detail::current_engine(), spawn_mark(where), std::forward<F>(function));
}

template <class F, class First, class... Rest>
  requires detail::spawnable<F, First, Rest...>
join_handle<detail::spawned_value<F, First, Rest...>> spawn(F&& function, First&& first, Rest&&... rest) {
  return detail::spawn_on(detail::current_engine(), spawn_mark(), std::forward<F>(function),
                          std::forward<First>(first), std::forward<Rest>(rest)...);
}

template <std::same_as<named> Label, class F, class... Args>
  requires detail::spawnable<F, Args...>
join_handle<detail::spawned_value<F, Args...>> spawn(Label label, F&& function, Args&&... arguments) {
  return detail::spawn_on(detail::current_engine(), spawn_mark(std::move(label)), std::forward<F>(function),
                          std::forward<Args>(arguments)...);
}

template <class T>
join_handle<T> spawn(task<T> coroutine WEFT_LIFETIMEBOUND,
                     std::source_location where = std::source_location::current()) {
  return detail::spawn_on(detail::current_engine(), spawn_mark(where), std::move(coroutine));
}

template <class T>
join_handle<T> spawn(named label, task<T> coroutine WEFT_LIFETIMEBOUND) {
  return detail::spawn_on(detail::current_engine(), spawn_mark(std::move(label)), std::move(coroutine));
}

}  // namespace weft::inline WEFT_ABI
