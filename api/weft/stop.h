// Stopping: how a task sees that it was asked to, and what others see of it.
//
// Every task has an ambient stop token, inherited by what it awaits and by its children. A stop is not an
// exception: the operation that the innermost task waits for ends, and the frames are destroyed from the
// inside out, on a worker. Destructors run, no catch sees it. It is level-triggered: once asked, every later
// operation of ours that could wait stops at once. Code that never waits may look at the token.
//
//     const weft::inplace_stop_token token = co_await weft::current_stop_token();
//     while (!token.stop_requested()) crunch();
//
// Thread safety: tokens are values, for any thread. is_stopping() and is_unwinding() speak of the task that runs
// on the calling thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>

#include "weft/detail/current_scope.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/stop_callbacks.h"

namespace weft::inline WEFT_ABI {

// What a stop turns into where it must be a value: a join_handle's await, run() and block_on() of a task that
// was stopped by somebody else, with_stop_token(), a coroutine of another library.
class stopped_error : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "weft: the task was stopped"; }
};

class inplace_stop_source;

// Whether a stop was asked for: of an inplace_stop_source, or of a task. It must not outlive what it was taken
// from (a task's may be handed to functions that the task awaits, compute() and spawn_blocking() among them).
class inplace_stop_token {
 public:
  inplace_stop_token() noexcept = default;
  explicit inplace_stop_token(rt::scope& of) noexcept : scope_(&of) {}

  [[nodiscard]] bool stop_requested() const noexcept {
    if (scope_ != nullptr) return scope_->is_stopping() || is_its_task_told_to_stop();
    return source_ != nullptr && source_->is_requested();
  }
  [[nodiscard]] bool stop_possible() const noexcept { return scope_ != nullptr || source_ != nullptr; }

  friend bool operator==(inplace_stop_token, inplace_stop_token) noexcept = default;

  // For inplace_stop_callback: calls `joining` once the stop is asked for, at once if it was. True: it is to be
  // removed later. Throws std::bad_alloc the first time for a task, unless prepare() came before.
  bool enlist(rt::stop_callbacks::entry& joining) const;
  void prepare() const {
    if (scope_ != nullptr) static_cast<void>(scope_->extras());
  }

 private:
  // The calling thread runs the task, which the stop may not have reached yet.
  bool is_its_task_told_to_stop() const noexcept;

  friend inplace_stop_source;
  explicit inplace_stop_token(rt::stop_callbacks& of) noexcept : source_(&of) {}

  rt::scope* scope_ = nullptr;
  rt::stop_callbacks* source_ = nullptr;
};

namespace detail {

class current_stop_token_awaiter : current_scope_awaiter {
 public:
  using current_scope_awaiter::await_ready;
  using current_scope_awaiter::await_suspend;
  [[nodiscard]] inplace_stop_token await_resume() const noexcept {
    rt::scope& own = current_scope_awaiter::await_resume();
    own.link_up();  // others may ask it, who cannot look upwards
    return inplace_stop_token(own);
  }
};

}  // namespace detail

class [[nodiscard]] current_stop_token_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return detail::current_stop_token_awaiter(); }
};

// The ambient token. No stop point, never suspends.
[[nodiscard]] inline current_stop_token_operation current_stop_token() noexcept {
  return {};
}

// Whether the task that calls was asked to stop. A plain function, also for what a task calls and for destructors of
// its locals. False outside of a task: on other threads (the functions of compute() and spawn_blocking() take a token
// along), and inside an awaitable of another library.
[[nodiscard]] inline bool is_stopping() noexcept {
  rt::turn& now = rt::this_turn();
  return now.running != nullptr && now.running->home().look_for_stop(now);
}

// Whether the destructor that calls runs because a stop takes its task apart. During a stop
// std::uncaught_exceptions() is 0, so a guard that commits unless it is on the way out asks for both:
//
//     ~transaction() {
//       if (std::uncaught_exceptions() > at_begin_ || weft::is_unwinding()) roll_back(); else commit();
//     }
//
// False in a task that was asked to stop and ends by itself all the same.
[[nodiscard]] inline bool is_unwinding() noexcept {
  return rt::this_turn().is_unwinding;
}

}  // namespace weft::inline WEFT_ABI
