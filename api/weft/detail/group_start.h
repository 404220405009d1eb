// started<T>, and what start() of a task_group waits for: a word from the child that it is ready.
//
// Three parties: the starter, who waits; the child's started<T>, which speaks once; the child's frame, which can
// be stopped while the starter still waits. Any of them may end first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "weft/as_outcome.h"
#include "weft/detail/current_scope.h"
#include "weft/detail/held.h"
#include "weft/outcome.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI {
namespace detail {

template <class T>
class start_state {
 public:
  // Only the first word counts. Whether it was this one.
  bool say(outcome<T> word) {
    {
      const rt::lock_guard<rt::mutex> guard(lock_);
      if (word_.has_value()) return false;
      word_.emplace(std::move(word));
    }
    WEFT_CHAOS(yield);
    said_.add_permits(1);
    return true;
  }
  [[nodiscard]] semaphore& said() noexcept { return said_; }
  // After it was said: nobody writes any more.
  [[nodiscard]] T take() { return static_cast<T>(std::move(*word_).value()); }

  // The child runs in `own`, until it leaves. False: its starter is gone, it should not begin.
  [[nodiscard]] bool enter(rt::scope& own) noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    if (!is_abandoned_) child_ = &own;
    return !is_abandoned_;
  }
  void leave() noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    child_ = nullptr;
  }
  // The starter was stopped: so is a child that is not ready.
  void abandon() noexcept {
    rt::job_list ready;
    rt::engine* home = nullptr;
    {
      const rt::lock_guard<rt::mutex> guard(lock_);
      is_abandoned_ = !word_.has_value();
      if (is_abandoned_ && child_ != nullptr) {
        home = &child_->home();
        child_->stop(ready);  // SAFETY: it is alive until leave()
      }
    }
    WEFT_CHAOS(late_wake);
    if (!ready.empty()) home->submit(ready);
  }

 private:
  rt::mutex lock_;
  std::optional<outcome<T>> word_;  // this and the rest: guarded by lock_
  rt::scope* child_ = nullptr;
  bool is_abandoned_ = false;
  semaphore said_{0};
};

}  // namespace detail

// What a child of task_group::start() is given: it says, once, that it is ready, and with which value.
//
// Moved, never copied; may be handed on, also to another thread.
template <class T = void>
class [[nodiscard]] started {
 public:
  explicit started(std::shared_ptr<detail::start_state<T>> to) noexcept : to_(std::move(to)) {}
  started(started&&) noexcept = default;
  started& operator=(started&&) noexcept = default;

  // start() returns, with the value made from `arguments` (none for void). A second call changes nothing.
  template <class... Args>
  void set(Args&&... arguments) {
    static_cast<void>(to_->say(outcome<T>(std::in_place, std::forward<Args>(arguments)...)));
  }

 private:
  std::shared_ptr<detail::start_state<T>> to_;
};

namespace detail {

// In the child: whatever ends it, run or not, the starter hears of it.
template <class T>
class start_token {
 public:
  explicit start_token(std::shared_ptr<start_state<T>> to) noexcept : to_(std::move(to)) {}
  start_token(start_token&&) noexcept = default;
  start_token& operator=(start_token&&) = delete;
  ~start_token() {
    if (to_ == nullptr) return;
    to_->leave();
    static_cast<void>(to_->say(outcome<T>::stopped()));
  }
  [[nodiscard]] start_state<T>& operator*() const noexcept { return *to_; }

 private:
  std::shared_ptr<start_state<T>> to_;
};

template <class T, class Call>
task<> run_started(start_token<T> token, held<Call> call) {
  rt::scope& own = co_await current_scope_operation();
  if (!(*token).enter(own)) co_return;
  auto end = co_await as_outcome((*call).make());
  if (end.has_error()) {
    // Before it was ready: start() throws it. Later: the group's.
    if (!(*token).say(outcome<T>::failed(end.error()))) std::rethrow_exception(end.error());
  } else if (end.has_value()) {
    static_cast<void>((*token).say(outcome<T>::failed(
        std::make_exception_ptr(std::logic_error("weft: a child of start() ended without being ready")))));
  }
}

template <class T, class Group, class Call>
task<T> start_in(Group& group, std::shared_ptr<start_state<T>> state, held<Call> call) {
  co_await stop_point_operation();  // a starter that is stopping begins nothing
  class abandons_unless_told {
   public:
    explicit abandons_unless_told(start_state<T>& of) noexcept : of_(of) {}
    ~abandons_unless_told() { of_.abandon(); }

   private:
    start_state<T>& of_;
  };
  const abandons_unless_told at_the_end(*state);
  // Refused or not, the token speaks at its end.
  static_cast<void>(group.spawn(&run_started<T, Call>, start_token<T>(state), std::move(call)));
  semaphore_permit told = co_await state->said().acquire();
  told.forget();
  co_return state->take();
}

}  // namespace detail
}  // namespace weft::inline WEFT_ABI
