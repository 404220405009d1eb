// with_stop_token: a task that stops, too, when somebody outside asks.
//
//     weft::inplace_stop_source quit;                       // or a std::stop_source
//     co_await weft::with_stop_token(quit.get_token(), serve(listener));
//
// If the token asks, the task is stopped, and once it has ended, clean-up included, stopped_error is thrown to the
// caller, as by a handle; the caller itself is not stopped. To have it as a value, put as_outcome inside:
// `co_await weft::with_stop_token(token, weft::as_outcome(serve(listener)))`. A task that finishes nevertheless gives
// its value (or its own error). Asked before: the task is stopped at its first operation that could wait.
//
// The token is an inplace_stop_token, of a source or of another task, or a std::stop_token. Its source outlives this.
//
// Errors: stopped_error; what the task throws; std::bad_alloc for the first use of a task's token.
// Stop: an outside stop is forwarded, and wins.
// Cost: no allocation besides the task's (but see inplace_stop_callback); two short locks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "weft/detail/join.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/engine.h"
#include "weft/stop.h"
#include "weft/stop_source.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

template <class Token, class F>
struct stop_callback_of;
template <class F>
struct stop_callback_of<inplace_stop_token, F> {
  using type = inplace_stop_callback<F>;
};
template <class F>
struct stop_callback_of<std::stop_token, F> {
  using type = std::stop_callback<F>;
};

template <class T, class Token>
class stop_token_awaiter : join {
 public:
  stop_token_awaiter(promise<T>* coroutine, Token token) : join(kind), token_(std::move(token)) {
    child_.adopt(coroutine);
    if constexpr (requires { token_.prepare(); }) token_.prepare();
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::turn& now = rt::this_turn();
    rt::frame& leaf = self.promise();
    rt::scope& outer = leaf.home();
    child_.begin(*child_.root, outer.inherited(), this, &on_end);
    if (!arm(leaf, 1)) {
      stop_at(leaf, now);
      return std::noop_coroutine();
    }
    watch_.emplace(token_, asks(*this));  // may call at once
    return rt::enter(*child_.root, now);
  }

  T await_resume() {
    if (child_.was_stopped()) WEFT_THROW(stopped_error());
    return child_.result().take();
  }

 private:
  // Called by whoever asks, on any thread. The child lives until nobody is in here any more: see on_end.
  class asks {
   public:
    explicit asks(stop_token_awaiter& of) noexcept : all_(&of) {}
    void operator()() const noexcept {
      all_->is_asked_.store(true, std::memory_order_relaxed);  // ordered by the end of the watch
      rt::engine& home = all_->child_.home();
      rt::job_list ready;
      all_->child_.stop(ready);
      if (!ready.empty()) home.submit(ready);
    }

   private:
    stop_token_awaiter* all_;
  };
  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    stop_token_awaiter& all = static_cast<stop_token_awaiter&>(*self.joined);
    all.watch_.reset();
    return or_noop(all.arrive(now));
  }

  static void stop_child(join& self, rt::job_list& ready) noexcept {
    static_cast<stop_token_awaiter&>(self).child_.stop(ready);
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<stop_token_awaiter&>(self);
    // Ordered by the end of the watch.
    const bool is_ours = all.is_asked_.load(std::memory_order_relaxed) && !all.waiter->is_stopping();
    return !all.child_.was_stopped() || is_ours;
  }
  static void visit_child(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    visit(visitor, static_cast<stop_token_awaiter&>(self).child_);
  }
  static constexpr join::join_kind kind{"with_stop_token", &stop_child, &settle, nullptr, &visit_child};

  child_scope<T> child_;
  Token token_;
  // Set by whoever asks, read when all have arrived.
  rt::atomic<bool> is_asked_{false};
  std::optional<typename stop_callback_of<Token, asks>::type> watch_;  // while the child runs
};

}  // namespace detail

template <class T, class Token>
class [[nodiscard("the task does not run until this is awaited")]] stop_token_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  stop_token_operation(Token token, task<T> watched) noexcept
      : token_(std::move(token)), watched_(std::move(watched)) {}
  [[nodiscard]] auto into_awaiter() && {
    return detail::stop_token_awaiter<T, Token>(watched_.release(), std::move(token_));
  }

 private:
  Token token_;
  task<T> watched_;
};

template <detail::awaitable_of_ours A>
[[nodiscard]] auto with_stop_token(inplace_stop_token token, A watched WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(watched));
  return stop_token_operation<detail::task_value<decltype(coroutine)>, inplace_stop_token>(
      token, std::move(coroutine));
}
template <detail::awaitable_of_ours A>
[[nodiscard]] auto with_stop_token(std::stop_token token, A watched WEFT_LIFETIMEBOUND) {
  auto coroutine = detail::as_task(std::move(watched));
  return stop_token_operation<detail::task_value<decltype(coroutine)>, std::stop_token>(std::move(token),
                                                                                        std::move(coroutine));
}

}  // namespace weft::inline WEFT_ABI
