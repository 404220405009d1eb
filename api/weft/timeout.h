// with_timeout: at most so long.
//
//     page p = co_await weft::with_timeout(2s, fetch(url));     // throws weft::timeout_error
//
// When the time is up the task is asked to stop; once it has ended, clean-up included, timeout_error is
// thrown to the caller. If it finishes nevertheless, its value (or its own error) wins. Time of zero or less:
// the task is stopped at its first operation that could wait. Durations that do not fit are "for ever".
//
// Points in time, and deadlines that move: "weft/deadline.h".
//
// Errors: timeout_error; what the task throws.
// Stop: an outside stop is forwarded, and wins over the timeout.
// Cost: no allocation besides the task's; two short locks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "weft/detail/join.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/engine.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/reactor/timer.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

class timeout_error : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "weft: the time was up"; }
};

namespace detail {

template <class T>
class timeout_awaiter : join {
 public:
  timeout_awaiter(promise<T>* coroutine, std::int64_t due_ns) noexcept
      : join(kind), alarm_(*this), limit_{{due_ns}, nullptr} {
    child_.adopt(coroutine);
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::turn& now = rt::this_turn();
    rt::frame& leaf = self.promise();
    rt::scope& outer = leaf.home();
    rt::engine& home = outer.home();
    inherited_ = outer.inherited();
    limit_.outer = inherited_.limits;
    inherited_.limits = &limit_;
    child_.begin(*child_.root, inherited_, this, &on_end);
    const std::int64_t due_ns = limit_.due_ns.load(std::memory_order_relaxed);  // does not change
    const bool is_up = due_ns <= home.now_ns();
    if (!is_up) home.prepare(alarm_, due_ns);
    // The alarm is a participant: a join must not end while its job may still come.
    if (!arm(leaf, is_up ? 1 : 2)) {
      stop_at(leaf, now);
      return std::noop_coroutine();
    }
    if (is_up) {
      rt::job_list nothing_waits_yet;
      is_timed_out_ = true;
      child_.stop(nothing_waits_yet);
    } else {
      // Nobody cancels it before the child has ended, so it is not refused.
      static_cast<void>(home.insert(alarm_));
    }
    return rt::enter(*child_.root, now);
  }

  T await_resume() {
    if (child_.was_stopped()) WEFT_THROW(timeout_error());
    return child_.result().take();
  }

 private:
  // Rings on the thread that harvests the wheel; what it does is a job.
  struct alarm : rt::timer, rt::job {
    explicit alarm(timeout_awaiter& of) noexcept : rt::timer(&ring), all(&of) { rt::job::run = &time_is_up; }
    static rt::job* ring(rt::timer& self) noexcept { return &static_cast<alarm&>(self); }
    static void time_is_up(rt::job& self, rt::turn& now) noexcept {
      now.begin_without_frame();
      timeout_awaiter& of = *static_cast<alarm&>(self).all;
      of.is_timed_out_ = true;
      of.child_.stop(now.later);
      if (const std::coroutine_handle<> parent = of.arrive(now)) parent.resume();
    }
    timeout_awaiter* all;
  };

  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    timeout_awaiter& all = static_cast<timeout_awaiter&>(*self.joined);
    // Unlinked: the alarm will not come, and arrives through us. It cannot be the last one: we are still
    // pending.
    if (all.alarm_.wheel != nullptr && rt::engine::cancel(all.alarm_)) static_cast<void>(all.arrive(now));
    return or_noop(all.arrive(now));
  }

  static void stop_child(join& self, rt::job_list& ready) noexcept {
    static_cast<timeout_awaiter&>(self).child_.stop(ready);
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<timeout_awaiter&>(self);
    return !all.child_.was_stopped() || (all.is_timed_out_ && !all.waiter->is_stopping());
  }
  static void describe(const rt::leaf_op& self, std::int64_t now_ns, std::string& text) {
    const rt::time_limit& limit = static_cast<const timeout_awaiter&>(self).limit_;
    rt::describe_deadline(limit.due_ns.load(std::memory_order_relaxed), now_ns, text);  // does not change
  }
  static void visit_child(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    visit(visitor, static_cast<timeout_awaiter&>(self).child_);
  }
  static constexpr join::join_kind kind{"with_timeout, ", &stop_child, &settle, &describe, &visit_child};

  child_scope<T> child_;
  alarm alarm_;
  rt::time_limit limit_;
  rt::context inherited_;      // by the child
  bool is_timed_out_ = false;  // written before the child is stopped; read after all have arrived
};

}  // namespace detail

template <class T>
class [[nodiscard("the task does not run until this is awaited")]] timeout_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  timeout_operation(std::int64_t due_ns, task<T> timed) noexcept
      : due_ns_(due_ns), timed_(std::move(timed)) {}
  [[nodiscard]] auto into_awaiter() && noexcept {
    return detail::timeout_awaiter<T>(timed_.release(), due_ns_);
  }

 private:
  std::int64_t due_ns_;
  task<T> timed_;
};

// The length counts from this call.
template <class Rep, class Period, class A>
  requires detail::awaitable_of_ours<A>
[[nodiscard]] auto with_timeout(std::chrono::duration<Rep, Period> length, A timed WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(timed));
  return timeout_operation<detail::task_value<decltype(coroutine)>>(
      rt::os::to_ns(rt::os::deadline_after(length)), std::move(coroutine));
}

}  // namespace weft::inline WEFT_ABI
