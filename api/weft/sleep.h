// Waiting for time to pass.
//
//     co_await weft::sleep_for(10ms);
//     co_await weft::sleep_until(deadline);    // std::chrono::steady_clock
//
// Never early; late by up to 66 µs and the kernel's own lateness. A length of zero or less, and a deadline
// that has passed, let other tasks run once. Durations that do not fit are "for ever".
// Stop: a stop point; nothing is lost.
// Errors: none.
// Cost: no allocation, O(1).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <string>

#include "weft/detail/join.h"
#include "weft/rt/engine.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/reactor/timer.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI {

namespace detail {

class sleep_awaiter : rt::leaf_op {
 public:
  explicit sleep_awaiter(std::int64_t due_ns) noexcept : rt::leaf_op(kind, nullptr), alarm_(*this, due_ns) {}
  sleep_awaiter(const sleep_awaiter&) = delete;
  sleep_awaiter& operator=(const sleep_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    waiter = &leaf.home();
    rt::engine& home = waiter->home();
    if (alarm_.due_ns <= home.now_ns()) {
      return step_aside(leaf);
    }
    home.prepare(alarm_, alarm_.due_ns);
    if (!waiter->arm(*this, leaf)) {
      stop_at(leaf, rt::this_turn());
    } else if (!home.insert(alarm_)) {  // `this` may be gone, unless a stop was faster
      waiter->to_unwind(leaf);
      if (waiter->finish()) stop_at(leaf, rt::this_turn());
    }
    return true;
  }

  void await_resume() const noexcept {}

 private:
  struct alarm : rt::timer {
    alarm(sleep_awaiter& of, std::int64_t due) noexcept : rt::timer(&ring), sleeper(&of), due_ns(due) {}
    static rt::job* ring(rt::timer& self) noexcept {
      rt::scope* const waiting = static_cast<alarm&>(self).sleeper->waiter;
      return waiting->finish() ? waiting : nullptr;
    }
    sleep_awaiter* sleeper;
    std::int64_t due_ns;
  };

  static rt::cancel_outcome cancel_sleep(rt::leaf_op& self, rt::job_list&) noexcept {
    return rt::engine::cancel(static_cast<sleep_awaiter&>(self).alarm_) ? rt::cancel_outcome::taken
                                                                        : rt::cancel_outcome::completing;
  }
  static void describe_sleep(const rt::leaf_op& self, std::int64_t now_ns, std::string& text) {
    rt::describe_deadline(static_cast<const sleep_awaiter&>(self).alarm_.due_ns, now_ns, text);
  }
  static constexpr rt::leaf_kind kind{"sleeping, ", &cancel_sleep, &describe_sleep};

  alarm alarm_;
};

}  // namespace detail

class [[nodiscard("sleeping does nothing until it is awaited")]] sleep_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;
  explicit sleep_operation(std::int64_t due_ns) noexcept : due_ns_(due_ns) {}
  [[nodiscard]] auto into_awaiter() const noexcept { return detail::sleep_awaiter(due_ns_); }

 private:
  std::int64_t due_ns_;
};

[[nodiscard]] inline sleep_operation sleep_until(std::chrono::steady_clock::time_point deadline) noexcept {
  return sleep_operation(rt::os::to_ns(deadline));
}

// The length counts from this call.
template <class Rep, class Period>
[[nodiscard]] sleep_operation sleep_for(std::chrono::duration<Rep, Period> length) noexcept {
  return sleep_until(rt::os::deadline_after(length));
}

}  // namespace weft::inline WEFT_ABI
