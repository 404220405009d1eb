// Deadlines: at most until then, and how much time is left.
//
//     co_await weft::with_deadline(noon, work());                 // throws weft::timeout_error
//
//     weft::deadline until(2s);                                   // from now
//     co_await weft::with_deadline(until, download(until));       // inside: until.move_to(…) as bytes come in
//     if (until.expired()) …
//
// with_deadline is with_timeout with a point in time. Deadlines nest: the earliest one ends the task, whoever set it;
// current_deadline() tells which that is. Children of joins and groups inherit it; spawned tasks, clean-up
// (at_coroutine_exit) and what runs under unstoppable() do not.
//
// A `deadline` object can be moved while its task runs: earlier, later, to none (time_point::max()). Once it has
// expired the task has been asked to stop, and moving it changes nothing.
//
// Thread safety: due(), expired() and move_to() from any thread. The object outlives its with_deadline, and serves one
// at a time.
// Errors: timeout_error; what the task throws.
// Stop: an outside stop is forwarded, and wins.
// Cost: no allocation besides the task's; three short locks, and two locks and a job a move.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "weft/detail/join.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/base/check.h"
#include "weft/rt/engine.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/reactor/timer.h"
#include "weft/task.h"
#include "weft/timeout.h"

namespace weft::inline WEFT_ABI {

class deadline;

namespace detail {

// The task under a movable deadline: all but the task's type.
//
// The alarm is one participant of the join, and it is always in one place: in the wheel, or in the hands of whoever
// took it out, who runs its job. `deadline::lock_` says which: everyone who puts it in or takes it out holds it.
class deadline_join : protected join {
 protected:
  deadline_join(const join_kind& is, deadline& until) noexcept : join(is), alarm_(*this), until_(until) {}

  // The child has begun, `leaf` is suspended. False: it is stopping, start nothing.
  [[nodiscard]] bool begin_watch(rt::frame& leaf, rt::scope& child) noexcept;
  // The child has ended. Returns what to enter.
  [[nodiscard]] std::coroutine_handle<> end_watch(rt::turn& now) noexcept;

  // After all have arrived.
  [[nodiscard]] bool has_expired() const noexcept;
  void describe_to(std::int64_t now_ns, std::string& text) const;

  rt::context inherited_;

 private:
  friend weft::deadline;

  struct alarm : rt::timer, rt::job {
    explicit alarm(deadline_join& of) noexcept : rt::timer(&ring), all(&of) { rt::job::run = &look; }
    static rt::job* ring(rt::timer& self) noexcept { return &static_cast<alarm&>(self); }
    static void look(rt::job& self, rt::turn& now) noexcept;
    deadline_join* all;
  };

  // With the deadline's lock, on a worker. True: it waits in the wheel. False: the time is up.
  [[nodiscard]] bool set_alarm() noexcept;

  alarm alarm_;
  deadline& until_;
  rt::scope* child_ = nullptr;
  bool has_ended_ = false;  // guarded by the deadline's lock
};

}  // namespace detail

class deadline {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // None.
  deadline() noexcept : deadline(time_point::max()) {}
  explicit deadline(time_point due) noexcept : limit_{{rt::os::to_ns(due)}, nullptr} {}
  // The length counts from now.
  template <class Rep, class Period>
  explicit deadline(std::chrono::duration<Rep, Period> length) noexcept
      : deadline(rt::os::deadline_after(length)) {}
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;
  ~deadline() { WEFT_CHECK(watch_ == nullptr, "a deadline is destroyed while its task runs"); }

  [[nodiscard]] time_point due() const noexcept;
  void move_to(time_point due) noexcept;

  // Whether its task was asked to stop because the time was up; of its last with_deadline.
  [[nodiscard]] bool expired() const noexcept {
    return has_expired_.load(std::memory_order_acquire);  // pairs with the store: what came before it
  }

 private:
  friend detail::deadline_join;

  rt::time_limit limit_;  // due_ns: written under lock_
  // Written under lock_ by whoever finds that the time is up; read by anyone.
  rt::atomic<bool> has_expired_{false};
  rt::mutex lock_;
  detail::deadline_join* watch_ = nullptr;  // guarded by lock_
};

namespace detail {

template <class T>
class deadline_awaiter : deadline_join {
 public:
  deadline_awaiter(promise<T>* coroutine, deadline& until) noexcept : deadline_join(kind, until) {
    child_.adopt(coroutine);
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    child_.begin(*child_.root, inherited_, this, &on_end);
    if (!begin_watch(leaf, child_)) {
      stop_at(leaf, rt::this_turn());
      return std::noop_coroutine();
    }
    return rt::enter(*child_.root, rt::this_turn());
  }

  T await_resume() {
    if (child_.was_stopped()) WEFT_THROW(timeout_error());
    return child_.result().take();
  }

 private:
  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    return or_noop(static_cast<deadline_awaiter&>(*self.joined).end_watch(now));
  }
  static void stop_child(join& self, rt::job_list& ready) noexcept {
    static_cast<deadline_awaiter&>(self).child_.stop(ready);
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<deadline_awaiter&>(self);
    return !all.child_.was_stopped() || (all.has_expired() && !all.waiter->is_stopping());
  }
  static void describe(const rt::leaf_op& self, std::int64_t now_ns, std::string& text) {
    static_cast<const deadline_awaiter&>(self).describe_to(now_ns, text);
  }
  static void visit_child(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    visit(visitor, static_cast<deadline_awaiter&>(self).child_);
  }
  static constexpr join::join_kind kind{"with_deadline, ", &stop_child, &settle, &describe, &visit_child};

  child_scope<T> child_;
};

}  // namespace detail

template <class T>
class [[nodiscard("the task does not run until this is awaited")]] deadline_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  deadline_operation(deadline& until, task<T> timed) noexcept : until_(until), timed_(std::move(timed)) {}
  [[nodiscard]] auto into_awaiter() && noexcept {
    return detail::deadline_awaiter<T>(timed_.release(), until_);
  }

 private:
  deadline& until_;
  task<T> timed_;
};

template <detail::awaitable_of_ours A>
[[nodiscard]] auto with_deadline(deadline& until, A timed WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(timed));
  return deadline_operation<detail::task_value<decltype(coroutine)>>(until, std::move(coroutine));
}

template <detail::awaitable_of_ours A>
[[nodiscard]] auto with_deadline(std::chrono::steady_clock::time_point due, A timed WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(timed));
  return timeout_operation<detail::task_value<decltype(coroutine)>>(rt::os::to_ns(due), std::move(coroutine));
}

// The earliest deadline (or timeout) that the task that calls is under; time_point::max() if there is none, and outside
// of tasks. A plain function, like is_stopping(). Cost: O(deadlines around it).
[[nodiscard]] std::chrono::steady_clock::time_point current_deadline() noexcept;

}  // namespace weft::inline WEFT_ABI
