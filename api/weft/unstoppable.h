// unstoppable: a task that runs to its end, whatever is asked of its caller.
//
//     co_await weft::unstoppable(commit(transaction));
//
// Stops from outside do not reach the task: not a handle's, a timeout's, a group's, nor that of the runtime, whose end
// waits for it. What was asked is remembered, and takes effect at the caller's next operation that could wait. Stops
// from inside work as ever: with_timeout within the task, its own groups. A caller that is stopping already runs the
// task all the same.
//
// Within it, current_stop_token() and is_stopping() speak of the task alone, and current_deadline() of deadlines set
// within. Keep it short, or give it a timeout of its own.
//
// Errors: what the task throws.
// Stop: no stop point.
// Cost: no allocation besides the task's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <utility>

#include "weft/detail/join.h"
#include "weft/rt/base/check.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

// Waits for one child, and forwards nothing: a cancel answers that somebody is at it.
template <class T>
class shield_awaiter : rt::leaf_op {
 public:
  explicit shield_awaiter(promise<T>* coroutine) noexcept : rt::leaf_op(kind, nullptr) {
    child_.adopt(coroutine);
  }
  shield_awaiter(const shield_awaiter&) = delete;
  shield_awaiter& operator=(const shield_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    leaf_ = &self.promise();
    waiter = &leaf_->home();
    inherited_ = waiter->inherited();
    inherited_.limits = nullptr;
    child_.begin(*child_.root, inherited_, this, &on_end);
    is_armed_ = waiter->arm(*this, *leaf_);  // not if the caller is stopping: then nobody will cancel
    return rt::enter(*child_.root, rt::this_turn());
  }

  T await_resume() { return child_.result().take(); }

 private:
  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    shield_awaiter& all = static_cast<shield_awaiter&>(*self.joined);
    WEFT_DCHECK(!all.child_.was_stopped(), "a shielded task was stopped");
    rt::frame& leaf = *all.leaf_;
    // SAFETY: if a canceller is at work, it resumes the caller, and `all` may be gone.
    if (all.is_armed_ && !all.waiter->finish()) return std::noop_coroutine();
    return rt::enter(leaf, now);
  }

  static rt::cancel_outcome remember(rt::leaf_op&, rt::job_list&) noexcept {
    return rt::cancel_outcome::completing;
  }
  static void visit_child(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    visit(visitor, static_cast<shield_awaiter&>(self).child_);
  }
  static constexpr rt::leaf_kind kind{"unstoppable", &remember, nullptr, &visit_child};

  child_scope<T> child_;
  rt::context inherited_;
  rt::frame* leaf_ = nullptr;
  bool is_armed_ = false;
};

}  // namespace detail

template <class T>
class [[nodiscard("the task does not run until this is awaited")]] unstoppable_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit unstoppable_operation(task<T> shielded) noexcept : shielded_(std::move(shielded)) {}
  [[nodiscard]] auto into_awaiter() && noexcept { return detail::shield_awaiter<T>(shielded_.release()); }

 private:
  task<T> shielded_;
};

template <detail::awaitable_of_ours A>
[[nodiscard]] auto unstoppable(A shielded WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(shielded));
  return unstoppable_operation<detail::task_value<decltype(coroutine)>>(std::move(coroutine));
}

}  // namespace weft::inline WEFT_ABI
