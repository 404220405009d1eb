// as_awaitable: a task of ours for a coroutine of another library.
//
//     other::task<int> handler(weft::runtime& rt) {
//       const page got = co_await weft::as_awaitable(rt, fetch(url));
//       …
//     }
//
// The task (or any other operation of ours) runs on `rt`, as one that was spawned; the awaiting coroutine goes on on a
// worker of `rt`, where it should not stay for long. Inside tasks of ours this is not needed: co_await the task itself.
//
// Thread safety: awaited on any thread.
// Errors: what the task throws; stopped_error if it was stopped, or the runtime is stopping; std::bad_alloc. A
// stopped_error that comes back into a task of ours which is stopping itself is a stop again: that task is unwound.
// Stop: a foreign coroutine has none to ask for. Put with_stop_token around the task. A coroutine that is destroyed
// while it waits here breaks a rule that is not checked.
// Cost: that of a spawn.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <source_location>
#include <utility>

#include "weft/detail/spawned.h"
#include "weft/named.h"
#include "weft/rt/engine.h"
#include "weft/runtime.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

// Waits for a spawned task without being a coroutine of ours: a scope with nothing but its job.
template <class T>
class boundary_awaiter : rt::scope, rt::leaf_op {
 public:
  boundary_awaiter(rt::engine& home, task<T> awaited, const std::source_location& where) noexcept
      : rt::leaf_op(kind, this), home_(home), awaited_(std::move(awaited)), where_(where) {}
  boundary_awaiter(const boundary_awaiter&) = delete;
  boundary_awaiter& operator=(const boundary_awaiter&) = delete;
  ~boundary_awaiter() {
    if (spawned_ != nullptr && spawned_->life.release() == rt::lifecycle::duty::destroy) {
      spawned_->destroy();
    }
  }

  bool await_ready() const noexcept { return false; }

  bool await_suspend(std::coroutine_handle<> foreign) {
    struct nothing {};
    foreign_ = foreign;
    spawned_ = new spawned_call<T, nothing>(spawn_mark(where_));
    spawned_->launch(home_, home_.root_context(), awaited_.release());
    // Nobody asks this scope to stop: it stands in no roster.
    static_cast<void>(wait_for(*this, home_.root_context(), &resume_foreign));
    if (spawned_->life.wait(*this) == rt::lifecycle::wait_outcome::waits) return true;  // `this` may be gone
    return !finish();
  }

  T await_resume() {
    spawned_->is_taken = true;
    if (spawned_->was_stopped) WEFT_THROW(stopped_error());
    return spawned_->result.take();
  }

 private:
  static void resume_foreign(rt::job& self, rt::turn&) noexcept {
    static_cast<boundary_awaiter&>(static_cast<rt::scope&>(self)).foreign_.resume();
  }
  static rt::cancel_outcome never(rt::leaf_op&, rt::job_list&) noexcept {
    return rt::cancel_outcome::completing;
  }
  static constexpr rt::leaf_kind kind{"a coroutine that is not weft's", &never};

  rt::engine& home_;
  task<T> awaited_;
  std::source_location where_;
  spawned<T>* spawned_ = nullptr;
  std::coroutine_handle<> foreign_;
};

}  // namespace detail

template <class T>
class [[nodiscard("the task does not run until this is awaited")]] boundary_operation {
 public:
  boundary_operation(rt::engine& home, task<T> awaited, const std::source_location& where) noexcept
      : home_(home), awaited_(std::move(awaited)), where_(where) {}
  [[nodiscard]] auto operator co_await() && noexcept {
    return detail::boundary_awaiter<T>(home_, std::move(awaited_), where_);
  }

 private:
  rt::engine& home_;
  task<T> awaited_;
  std::source_location where_;
};

template <detail::awaitable_of_ours A>
[[nodiscard]] auto as_awaitable(runtime& on, A awaited,
                                std::source_location where = std::source_location::current()) {
  auto coroutine = detail::as_task(std::move(awaited));
  return boundary_operation<detail::task_value<decltype(coroutine)>>(on.engine(), std::move(coroutine),
                                                                     where);
}

}  // namespace weft::inline WEFT_ABI
