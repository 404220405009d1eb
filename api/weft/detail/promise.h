// The promise of task<T>: a frame header, the result, and the door for everything that is awaited.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

#include "weft/detail/foreign.h"
#include "weft/detail/result_slot.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI {

template <class T>
class task;

namespace detail {

// Something of ours that can be awaited: a description that makes its awaiter in the awaiting frame. Two
// types, because GCC 12 copies an awaiter that is returned by reference, and ours must not move.
template <class A>
concept awaitable_of_ours = requires(A&& described) { std::forward<A>(described).into_awaiter(); };

class promise_base : public rt::frame {
 public:
  explicit promise_base(std::source_location created) noexcept : rt::frame(created) {}

  static void* operator new(std::size_t size) { return rt::this_turn().frames.allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    rt::this_turn().frames.release(frame, size);
  }

  struct final_awaiter {
    final_awaiter() noexcept {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      return rt::leave(done.promise(), rt::this_turn());
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return final_awaiter(); }

  template <awaitable_of_ours A>
  auto await_transform(A&& described, std::source_location where = std::source_location::current()) noexcept(
      noexcept(std::forward<A>(described).into_awaiter())) {
    static_assert(!std::is_lvalue_reference_v<A> || std::remove_reference_t<A>::may_be_awaited_as_lvalue,
                  "this is awaited once: co_await std::move(it)");
    wait_at(where);
    return std::forward<A>(described).into_awaiter();
  }

  // A stopped_error that reaches the end of a task that is stopping is that stop: it has come back from outside.
  template <class Slot>
  void keep_error(Slot& result) noexcept {
    if (!end_as_stopped_again()) result.set_error(std::current_exception());
  }
  // In a handler.
  WEFT_COLD bool end_as_stopped_again() noexcept;

  // Coroutine types and senders of other libraries resume us on a thread of theirs; we go home first.
  template <class A>
    requires(!awaitable_of_ours<A>)
  auto await_transform(A&& foreign, std::source_location where = std::source_location::current()) {
    wait_at(where);
    return foreign_awaiter<A>(std::forward<A>(foreign));
  }
};

template <class T>
class promise : public promise_base {
 public:
  // The default argument is evaluated where the coroutine is defined: it names the coroutine in reports.
  explicit promise(std::source_location created = std::source_location::current()) noexcept
      : promise_base(created) {
    static_assert(alignof(promise) <= 16, "frame::handle() relies on it");
  }

  task<T> get_return_object() noexcept { return task<T>(*this); }
  void unhandled_exception() noexcept { keep_error(result); }

  template <class U = T>
    requires std::constructible_from<T, U&&>
  void return_value(U&& value) noexcept(std::is_nothrow_constructible_v<T, U&&>) {
    result.set_value(std::forward<U>(value));
  }

  result_slot<T> result;
};

template <class T>
class promise<T&> : public promise_base {
 public:
  explicit promise(std::source_location created = std::source_location::current()) noexcept
      : promise_base(created) {}

  task<T&> get_return_object() noexcept { return task<T&>(*this); }
  void unhandled_exception() noexcept { keep_error(result); }
  void return_value(T& value) noexcept { result.set_value(value); }

  result_slot<T&> result;
};

template <>
class promise<void> : public promise_base {
 public:
  explicit promise(std::source_location created = std::source_location::current()) noexcept
      : promise_base(created) {}

  task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept { keep_error(result); }
  void return_void() const noexcept {}

  result_slot<void> result;
};

}  // namespace detail
}  // namespace weft::inline WEFT_ABI
