// Stopping: how a task sees that it was asked to, and what others see of it.
//
// Every task has an ambient stop token, inherited by what it awaits and by its children. A stop is not an
// exception: the operation that the innermost task waits for ends, and the frames are destroyed from the
// inside out, on a worker. Destructors run, no catch sees it. It is level-triggered: once asked, every later
// operation of ours that could wait stops at once. Code that never waits may look at the token.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>

#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI {

// What a stop turns into where it must be a value: a join_handle's await, run() and block_on() of a task that
// was stopped by somebody else.
class stopped_error : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "weft: the task was stopped"; }
};

// Whether a stop was asked for. A copyable value; any thread. It must not outlive the task that it was taken
// in (hand it to functions that the task awaits, compute() and spawn_blocking() among them).
class inplace_stop_token {
 public:
  inplace_stop_token() noexcept = default;
  explicit inplace_stop_token(const rt::scope& of) noexcept : scope_(&of) {}

  [[nodiscard]] bool stop_requested() const noexcept { return scope_ != nullptr && scope_->is_stopping(); }
  [[nodiscard]] bool stop_possible() const noexcept { return scope_ != nullptr; }

  friend bool operator==(inplace_stop_token, inplace_stop_token) noexcept = default;

 private:
  const rt::scope* scope_ = nullptr;
};

namespace detail {

class current_stop_token_awaiter {
 public:
  current_stop_token_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    token_ = inplace_stop_token(self.promise().home());
    return false;
  }
  [[nodiscard]] inplace_stop_token await_resume() const noexcept { return token_; }

 private:
  inplace_stop_token token_;
};

}  // namespace detail

class [[nodiscard]] current_stop_token_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return detail::current_stop_token_awaiter(); }
};

// The ambient token: `weft::inplace_stop_token token = co_await weft::current_stop_token();` No stop point,
// never suspends.
[[nodiscard]] inline current_stop_token_operation current_stop_token() noexcept {
  return {};
}

}  // namespace weft::inline WEFT_ABI
