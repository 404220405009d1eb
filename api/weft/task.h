// task<T>: a lazy coroutine with one result.
//
//     weft::task<int> answer() { co_return 42; }
//     weft::task<> ask() { int n = co_await answer(); }
//
// Calling the coroutine runs nothing; it runs when it is awaited (co_await, when_all, …) or spawned. A task
// is moved, never copied, and awaited once. T may be void, a value (move-only too) or a reference.
//
// Thread safety: a task object belongs to one thread at a time. After any co_await the coroutine may go on on
// another worker of its runtime.
// Errors: an exception that leaves the coroutine is thrown by the co_await that waits for it.
// Stop: awaiting a task is not a stop point itself; a stop reaches the operation that the innermost task
// waits for, and then destroys the frames from the inside out. No exception is thrown, and no catch sees it.
// Cost: one allocation, recycled by size; about 11 ns to await.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include "weft/detail/promise.h"
#include "weft/detail/unawaited.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI {

template <class T = void>
class [[nodiscard("a task that is not awaited does nothing")]] WEFT_CORO_TYPE task {
 public:
  using promise_type = detail::promise<T>;
  using value_type = T;
  static constexpr bool may_be_awaited_as_lvalue = false;
  static_assert(!std::is_rvalue_reference_v<T>,
                "a task gives a value, an lvalue reference or nothing: not a T&&");
  static_assert(!std::is_const_v<T>, "a task gives a value that can be moved out: not a const T");

  task(const task&) = delete;  // awaited once, and so moved: write std::move(it)
  task& operator=(const task&) = delete;
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    task dying(std::move(*this));
    coroutine_ = std::exchange(other.coroutine_, nullptr);
    return *this;
  }
  ~task() {
    if (coroutine_ == nullptr) return;
#if WEFT_DEBUG
    detail::report_unawaited(*coroutine_);
#endif
    coroutine_->handle().destroy();
  }

  // False once it was moved from or awaited.
  [[nodiscard]] bool is_valid() const noexcept { return coroutine_ != nullptr; }

  class [[nodiscard]] awaiter : rt::link {
   public:
    explicit awaiter(promise_type* awaited) noexcept { child = awaited; }
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
      if (child != nullptr) child->handle().destroy();
    }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      parent = &self.promise();
      child->await_in(*this, parent->home());
      return rt::enter(*child, rt::this_turn());
    }

    T await_resume() { return static_cast<promise_type*>(child)->result.take(); }
  };

  // For coroutines of other libraries.
  void operator co_await() const = delete;  // take weft::as_awaitable, or runtime::block_on on a plain thread

  // What co_await uses. The awaiter owns the coroutine from now on.
  [[nodiscard]] awaiter into_awaiter() && noexcept { return awaiter(release()); }

  // For joins and spawns, which own the coroutine from now on.
  [[nodiscard]] promise_type* release() noexcept {
    WEFT_CHECK(coroutine_ != nullptr, "a task is awaited or started once, and not after it was moved from");
    return std::exchange(coroutine_, nullptr);
  }

 private:
  friend promise_type;
  explicit task(promise_type& coroutine) noexcept : coroutine_(&coroutine) {}

  promise_type* coroutine_;
};

namespace detail {

inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>(*this);
}

// T of a task<T>.
template <class Task>
using task_value = typename std::remove_cvref_t<Task>::value_type;

template <class A>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

// What co_await gives for something of ours.
template <awaitable_of_ours A>
using await_result = decltype(std::declval<A>().into_awaiter().await_resume());

// Anything of ours that can be awaited, as a task, for those who want one.
template <class T>
WEFT_CORO_WRAPPER task<T> as_task(task<T> already) noexcept {
  return already;
}
template <awaitable_of_ours A>
  requires(!is_task<std::remove_cvref_t<A>>)
task<await_result<A>> as_task(A described) {
  co_return co_await std::move(described);
}

}  // namespace detail
}  // namespace weft::inline WEFT_ABI
