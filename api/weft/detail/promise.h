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
                  "this is awaited once: write co_await std::move(it)");
    wait_at(where);
    return std::forward<A>(described).into_awaiter();
  }

  // Ours, and not to be awaited like this.
  template <class A>
    requires(!awaitable_of_ours<A> && awaitable_of_ours<std::remove_cvref_t<A>>)
  auto await_transform(A&& described) {
    constexpr bool is_const = std::is_const_v<std::remove_reference_t<A>>;
    static_assert(!is_const, "this is awaited once, and moved for it: it must not be const");
    static_assert(is_const, "this is awaited once: write co_await std::move(it)");
    if constexpr (!is_const) return std::move(described).into_awaiter();
  }

  // A stopped_error that reaches the end of a task that is stopping is that stop: it has come back from outside.
  template <class Slot>
  void keep_error(Slot& result) noexcept {
    if (!end_as_stopped_again()) result.set_error(noted_error());
  }
  // In a handler.
  WEFT_COLD bool end_as_stopped_again() noexcept;
  // In a handler: what is handled, after this frame was noted in its stack (weft/rt/work/error_stack.h).
  WEFT_COLD std::exception_ptr noted_error() noexcept;

  // Coroutine types and senders of other libraries resume us on a thread of theirs; we go home first.
  template <class A>
    requires(!awaitable_of_ours<A> && !awaitable_of_ours<std::remove_cvref_t<A>>)
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

// A T that dies with the frame, or what would be converted to one.
template <class U, class T>
concept gone_at_the_end =
    (std::is_convertible_v<std::remove_reference_t<U>*, T*> ? std::is_rvalue_reference_v<U&&>
                                                            : !std::is_class_v<std::remove_reference_t<U>>);

template <class T>
class promise<T&> : public promise_base {
 public:
  explicit promise(std::source_location created = std::source_location::current()) noexcept
      : promise_base(created) {}

  task<T&> get_return_object() noexcept { return task<T&>(*this); }
  void unhandled_exception() noexcept { keep_error(result); }
  void return_value(T& value) noexcept { result.set_value(value); }
  // A local that is returned by its name arrives here as well: the language moves it.
  template <class U>
    requires gone_at_the_end<U, T>
  void return_value(U&&) noexcept {
    static_assert(!gone_at_the_end<U, T>,
                  "a task<T&> gives a reference: to a local or a temporary of the coroutine it would dangle");
  }

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
