// when_all: several tasks at once, all results.
//
//     auto [user, orders] = co_await weft::when_all(load_user(id), load_orders(id));
//     std::vector<page> pages = co_await weft::when_all(std::move(tasks));
//
// Parallel by construction: every task is offered to the workers before the first one runs, so N tasks that
// burn a core take about one task's time on N workers. Results stand in argument order; void gives
// std::monostate in the tuple, and a vector of task<void> gives nothing. No tasks: ready at once.
//
// Thread safety: the tasks may run on any workers of the caller's runtime, at the same time.
// Errors: the first task that fails (in time) asks the others to stop; all are awaited; then that error is
// thrown. Errors that come after it are dropped: a task_group reports them all.
// Stop: forwarded to all tasks; the caller is unwound when all have ended. If they all finish nevertheless,
// the results are delivered: a completed effect wins.
// Cost: no allocation for a fixed number of tasks, one for a vector.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/detail/fork_join.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
value_or_monostate<T> take_result(child_scope<T>& child) {
  if constexpr (std::is_void_v<T>) {
    child.result().take();
    return {};
  } else {
    return child.result().take();
  }
}

// What both forms share, once `Derived::each(fn)` visits the children.
template <class Derived>
class when_all_join : public fork_join {
 protected:
  when_all_join() noexcept : fork_join(&stop_all, &settle) {}

  void throw_first_error() {
    static_cast<Derived*>(this)->each([this](auto& one) {
      if (&one == this->first_failed()) static_cast<void>(one.result().take());
    });
  }

 private:
  static void stop_all(join& self, rt::job_list& ready) noexcept {
    static_cast<Derived&>(self).each([&ready](auto& one) { one.stop(ready); });
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<Derived&>(self);
    if (all.first_failed() != nullptr) return true;
    bool any_stopped = false;
    all.each([&any_stopped](auto& one) { any_stopped |= one.was_stopped(); });
    return !any_stopped;
  }
};

template <class... Ts>
class when_all_awaiter : when_all_join<when_all_awaiter<Ts...>> {
 public:
  explicit when_all_awaiter(std::tuple<task<Ts>...>& tasks) noexcept {
    adopt(tasks, std::index_sequence_for<Ts...>());
  }

  bool await_ready() const noexcept { return sizeof...(Ts) == 0; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    if constexpr (sizeof...(Ts) == 0) {
      return self;
    } else {
      rt::frame& leaf = self.promise();
      each([this, &leaf](auto& one) { one.begin_in(*this, leaf); });
      return this->fork(leaf, &children_, &children_ + 1, sizeof...(Ts), std::get<0>(children_),
                        [this](auto push) { this->each_backwards(push, std::index_sequence_for<Ts...>()); });
    }
  }

  std::tuple<value_or_monostate<Ts>...> await_resume() {
    if (this->first_failed() != nullptr) [[unlikely]]
      this->throw_first_error();
    return std::apply([](auto&... one) { return std::tuple<value_or_monostate<Ts>...>(take_result(one)...); },
                      children_);
  }

 private:
  friend when_all_join<when_all_awaiter>;

  template <std::size_t... I>
  void adopt([[maybe_unused]] std::tuple<task<Ts>...>& tasks, std::index_sequence<I...>) noexcept {
    (std::get<I>(children_).adopt(std::get<I>(tasks).release()), ...);
  }
  template <class Fn>
  void each(Fn fn) {
    std::apply([&fn](auto&... one) { (fn(one), ...); }, children_);
  }
  template <class Fn, std::size_t... I>
  void each_backwards(Fn fn, std::index_sequence<I...>) {
    (fn(std::get<sizeof...(I) - 1 - I>(children_)), ...);
  }

  std::tuple<fork_join::child<Ts>...> children_;
};

template <class T>
class when_all_range_awaiter : when_all_join<when_all_range_awaiter<T>> {
 public:
  explicit when_all_range_awaiter(std::vector<task<T>>& tasks)
      : count_(tasks.size()), children_(count_ == 0 ? nullptr : new fork_join::child<T>[count_]) {
    for (std::size_t i = 0; i < count_; ++i) children_[i].adopt(tasks[i].release());
  }

  bool await_ready() const noexcept { return count_ == 0; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    each([this, &leaf](auto& one) { one.begin_in(*this, leaf); });
    return this->fork(leaf, &children_[0], &children_[0] + count_, count_, children_[0], [this](auto push) {
      for (std::size_t i = count_; i-- > 0;) push(children_[i]);
    });
  }

  auto await_resume() {
    if (this->first_failed() != nullptr) [[unlikely]]
      this->throw_first_error();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> results;
      results.reserve(count_);
      for (std::size_t i = 0; i < count_; ++i) results.push_back(children_[i].result().take());
      return results;
    }
  }

 private:
  friend when_all_join<when_all_range_awaiter>;

  template <class Fn>
  void each(Fn fn) {
    for (std::size_t i = 0; i < count_; ++i) fn(children_[i]);
  }

  std::size_t count_;
  std::unique_ptr<fork_join::child<T>[]> children_;
};

}  // namespace detail

template <class... Ts>
class [[nodiscard("when_all does nothing until it is awaited")]] when_all_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit when_all_operation(task<Ts>... tasks) noexcept : tasks_(std::move(tasks)...) {}
  [[nodiscard]] auto into_awaiter() && noexcept { return detail::when_all_awaiter<Ts...>(tasks_); }

 private:
  std::tuple<task<Ts>...> tasks_;
};

template <class T>
class [[nodiscard("when_all does nothing until it is awaited")]] when_all_range_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit when_all_range_operation(std::vector<task<T>> tasks) noexcept : tasks_(std::move(tasks)) {}
  [[nodiscard]] auto into_awaiter() && { return detail::when_all_range_awaiter<T>(tasks_); }

 private:
  std::vector<task<T>> tasks_;
};

template <class... Ts>
[[nodiscard]] when_all_operation<Ts...> when_all(task<Ts>... tasks) noexcept {
  return when_all_operation<Ts...>(std::move(tasks)...);
}

// Operations too: `co_await weft::when_all(weft::sleep_for(1s), fetch(url))`. Each becomes a task.
template <detail::awaitable_of_ours... As>
  requires(!(detail::is_task<As> && ...))
[[nodiscard]] auto when_all(As... awaited) {
  return when_all(detail::as_task(std::move(awaited))...);
}

template <class T>
[[nodiscard]] when_all_range_operation<T> when_all(std::vector<task<T>> tasks) noexcept {
  static_assert(!std::is_reference_v<T>, "a vector cannot hold references: let the tasks return pointers");
  return when_all_range_operation<T>(std::move(tasks));
}

}  // namespace weft::inline WEFT_ABI
