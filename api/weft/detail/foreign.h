// Awaiting what is not ours: another library's awaitable may resume us on any thread, so it is given a relay
// to resume, and the relay submits our job to our home engine.
//
// A stop does not reach into a foreign operation: it takes effect at the next operation of ours.
//
// For reports the waiting frame is marked, until its coroutine goes on (or is destroyed).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "weft/rt/base/config.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::detail {

// A coroutine that does one thing when it is resumed, and is owned by the awaiter.
class relay {
 public:
  struct promise_type {
    relay get_return_object() noexcept {
      return relay(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // submit() is noexcept
  };

  relay(relay&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  relay& operator=(relay&&) = delete;
  ~relay() {
    if (coroutine_) coroutine_.destroy();
  }

  [[nodiscard]] std::coroutine_handle<promise_type> handle() const noexcept { return coroutine_; }

  static relay to(rt::frame& waiting) {
    // The relay's frame dies with the awaiter, on the thread that resumes; nothing here may follow submit().
    struct hand_over {
      rt::frame* leaf;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) const noexcept {
        rt::scope& home = leaf->home();
        home.home().submit(home.to_resume_there());
      }
      void await_resume() const noexcept {}
    };
    co_await hand_over{&waiting};
  }

 private:
  explicit relay(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

// `co_await a` as the language does it without await_transform.
template <class A>
decltype(auto) foreign_operand(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); }) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    static_assert(!std::ranges::range<A>,
                  "a range of tasks is awaited with weft::when_all, when_any or as_completed");
    static_assert(!std::invocable<A>, "this is a function: call it, and await what it returns");
    static_assert(requires { awaitable.await_ready(); }, "this type cannot be awaited");
    return std::forward<A>(awaitable);
  }
}

// The mark on a frame that waits for something that is not ours. It goes, too, when the operand throws instead of
// suspending.
class foreign_mark {
 public:
  foreign_mark() noexcept = default;
  foreign_mark(const foreign_mark&) = delete;
  foreign_mark& operator=(const foreign_mark&) = delete;
  ~foreign_mark() { clear(); }

  void mark(rt::frame& waiting) noexcept {
    waiting.enter_foreign();
    on_ = &waiting;
  }
  void clear() noexcept {
    if (on_ != nullptr) std::exchange(on_, nullptr)->leave_foreign();
  }

 private:
  rt::frame* on_ = nullptr;
};

// While the operand suspends us, foreign code runs here, and the frame may be resumed elsewhere and be gone.
class foreign_code {
 public:
  explicit foreign_code(rt::turn& now) noexcept : now_(now), before_(std::exchange(now.running, nullptr)) {}
  foreign_code(const foreign_code&) = delete;
  foreign_code& operator=(const foreign_code&) = delete;
  // Right if the coroutine goes on here at once; otherwise the job ends, and with it what this says.
  ~foreign_code() { now_.running = before_; }

 private:
  rt::turn& now_;
  rt::frame* before_;
};

template <class A>
class foreign_awaiter {
  using operand = decltype(foreign_operand(std::declval<A>()));

 public:
  explicit foreign_awaiter(A&& awaitable) : inner_(foreign_operand(std::forward<A>(awaitable))) {}

  bool await_ready() { return inner_.await_ready(); }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    rt::frame& leaf = self.promise();
    relay_.emplace(relay::to(leaf));
    leaf.home().at = &leaf;  // here, and not by the relay: its thread may be no worker
    waiting_.mark(leaf);
    const foreign_code entered(rt::this_turn());
    const std::coroutine_handle<relay::promise_type> back = relay_->handle();
    // SAFETY: as soon as the operand is suspended, `this` may be gone; only its result is looked at.
    if constexpr (std::is_void_v<decltype(inner_.await_suspend(back))>) {
      inner_.await_suspend(back);
      return true;
    } else if constexpr (std::is_same_v<decltype(inner_.await_suspend(back)), bool>) {
      return inner_.await_suspend(back);
    } else {
      // The operand wants to run another coroutine here; it runs on our worker until it suspends.
      inner_.await_suspend(back).resume();
      return true;
    }
  }

  decltype(auto) await_resume() {
    waiting_.clear();
    return inner_.await_resume();
  }

  foreign_awaiter(const foreign_awaiter&) = delete;
  foreign_awaiter& operator=(const foreign_awaiter&) = delete;

 private:
  operand inner_;
  std::optional<relay> relay_;
  foreign_mark waiting_;
};

}  // namespace weft::inline WEFT_ABI::detail
