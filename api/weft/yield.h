// Stepping aside: the other ready tasks of this worker run first.
//
//     for (…) { crunch(); co_await weft::yield_now(); }
//
// checkpoint() is cheaper, for loops whose rounds are short: it stops the task if that was asked for, and steps aside
// when the task has used up its turn (every 128th operation that did not wait).
//
//     for (const row& each : table) { total += each.price; co_await weft::checkpoint(); }
//
// Stop: a stop point; nothing is lost.
// Errors: none.
// Cost: about 10 ns when nobody else is ready, 25 when somebody is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>

#include "weft/detail/join.h"
#include "weft/rt/engine.h"

namespace weft::inline WEFT_ABI {

namespace detail {

// The chain at `leaf`, which is suspended, goes behind the ready tasks; or is unwound, if it is stopping. False: nobody
// is there to run before it, so it goes on at once, in a turn of its own.
[[nodiscard]] inline bool step_aside(rt::frame& leaf) noexcept {
  rt::turn& now = rt::this_turn();
  if (leaf.home().look_for_stop(now)) {
    stop_at(leaf, now);
    return true;
  }
  if (now.home->begin_next_turn_alone(leaf)) return false;
  give_way_at(leaf, now);
  return true;
}

class yield_awaiter {
 public:
  yield_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    return step_aside(self.promise());
  }
  void await_resume() const noexcept {}
};

class checkpoint_awaiter {
 public:
  checkpoint_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    rt::frame& leaf = self.promise();
    if (!leaf.home().look_for_stop(rt::this_turn()) && rt::this_turn().spend_operation()) return false;
    return step_aside(leaf);
  }
  void await_resume() const noexcept {}
};

// A place to stop at that never waits otherwise.
class stop_point_awaiter {
 public:
  stop_point_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    rt::frame& leaf = self.promise();
    if (!leaf.home().look_for_stop(rt::this_turn())) return false;
    stop_at(leaf, rt::this_turn());
    return true;
  }
  void await_resume() const noexcept {}
};
struct stop_point_operation {
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return stop_point_awaiter(); }
};

}  // namespace detail

class [[nodiscard("yielding does nothing until it is awaited")]] yield_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return detail::yield_awaiter(); }
};

[[nodiscard]] inline yield_operation yield_now() noexcept {
  return {};
}

class [[nodiscard("a checkpoint does nothing until it is awaited")]] checkpoint_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return detail::checkpoint_awaiter(); }
};

[[nodiscard]] inline checkpoint_operation checkpoint() noexcept {
  return {};
}

}  // namespace weft::inline WEFT_ABI
