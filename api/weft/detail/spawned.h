// A spawned task: its scope, the callable and arguments that it lives on, and its one handle.
//
// The block is allocated once, beside the coroutine's frame; whoever comes last of the task's end and the
// handle's drop frees it (rt::lifecycle). The frame, and what it lived on, go when the task ends: only the
// result stays.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "weft/detail/call.h"
#include "weft/detail/join.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"
#include "weft/rt/work/lifecycle.h"
#include "weft/rt/work/spawn_mark.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI::detail {

// Blocks come from the frame pool; over-aligned ones from the system.
struct pooled {
  static void* operator new(std::size_t size) { return rt::this_turn().frames.allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept {
    rt::this_turn().frames.release(block, size);
  }
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
  }
  static void operator delete(void* block, std::size_t, std::align_val_t alignment) noexcept {
    ::operator delete(block, alignment);
  }
};

// The callable and the arguments of a spawn, kept until the task has ended. Arguments are passed on as
// rvalues, as std::thread does; std::ref passes a reference.
template <class F, class... Args>
class kept_call {
 public:
  template <class G, class... As>
  explicit kept_call(G&& function, As&&... arguments)
      : function_(std::forward<G>(function)), arguments_(std::forward<As>(arguments)...) {}

  // The coroutine, not started. Its reference parameters refer to what is kept here.
  [[nodiscard]] WEFT_CORO_WRAPPER auto make() { return make_from(std::index_sequence_for<Args...>()); }

 private:
  template <std::size_t... I>
  WEFT_CORO_WRAPPER auto make_from(std::index_sequence<I...>) {
    return call(function_, std::forward<Args>(std::get<I>(arguments_))...);
  }

  F function_;
  std::tuple<Args...> arguments_;
};

template <class F, class... Args>
concept makes_task =
    std::invocable<F, Args...> && is_task<std::remove_cvref_t<std::invoke_result_t<F, Args...>>>;

// What a spawned call gives; void for what cannot be spawned, so that spawnable, which says why, is looked at.
template <class F, class... Args>
struct value_of_call {
  using type = void;
};
template <class F, class... Args>
  requires makes_task<F, Args...>
struct value_of_call<F, Args...> {
  using type = task_value<std::invoke_result_t<F, Args...>>;
};
template <class F, class... Args>
using spawned_value = typename value_of_call<std::decay_t<F>&, std::decay_t<Args>...>::type;

// What can be run, but not like this. A class of its own, so that the sentence is all that a compiler says.
template <class F, class... Args>
struct can_be_spawned : std::true_type {
  static_assert(
      !std::invocable<F&, Args...> || makes_task<F&, Args...>,
      "spawn takes a function that returns a weft::task (weft::spawn_blocking and weft::compute run others)");
  static_assert(
      std::invocable<F&, Args...> || !makes_task<F&, Args&...>,
      "spawn keeps the arguments and passes them on as rvalues, which a T& does not take: write std::ref(it) "
      "for what outlives the task, or let the parameter be a T or a const T&");
};

template <class F, class... Args>
concept spawnable = makes_task<std::decay_t<F>&, std::decay_t<Args>...> ||
                    ((std::invocable<std::decay_t<F>&, std::decay_t<Args>...> ||
                      makes_task<std::decay_t<F>&, std::decay_t<Args>&...>) &&
                     can_be_spawned<std::decay_t<F>, std::decay_t<Args>...>::value);

// Hands the error, with which `ended` has ended, to the reporter of its runtime.
void report_unhandled(const rt::engine::reporter& reporter, const rt::scope& ended,
                      const std::source_location& where, std::exception_ptr error) noexcept;

// What a handle sees. When the task has ended, its frame (parameters included) and what it lived on are gone;
// the result stays here.
template <class T>
struct spawned : rt::roster::member, pooled {
  rt::lifecycle life;
  result_slot<T> result;
  std::source_location where;  // of the error
  // Set with an error: who hears of it if nobody takes it. The handle may outlive the engine.
  std::shared_ptr<const rt::engine::reporter> unhandled;
  bool was_stopped = false;
  bool is_taken = false;  // by the handle

  spawned() noexcept = default;
  explicit spawned(rt::spawn_mark of) noexcept { mark = std::move(of); }
  spawned(const spawned&) = delete;
  spawned& operator=(const spawned&) = delete;
  virtual ~spawned() = default;

  // The last one to know of it: reports an error that nobody took, and frees.
  void destroy() noexcept {
    if (!is_taken && result.has_error()) report_unhandled(*unhandled, *this, where, result.take_error());
    delete this;
  }

  // Enrols and submits. When the runtime is stopping the task ends as stopped, without having run.
  void launch(rt::engine& home, const rt::context& inherited, promise<T>* coroutine) noexcept {
    begin(*coroutine, inherited, nullptr, &on_end);
    WEFT_CHAOS(yield);
    if (home.admit(*this)) {
      home.spawn(*this);
      return;
    }
    was_stopped = true;
    destroy_frame();
    [[maybe_unused]] const rt::lifecycle::completion nobody_waits_yet = life.complete();
    WEFT_DCHECK(nobody_waits_yet.owed == rt::lifecycle::duty::nothing,
                "a handle exists before the task starts");
  }

 protected:
  // The callable and its arguments, after the coroutine that refers to them.
  virtual void drop_kept() noexcept = 0;

 private:
  void destroy_frame() noexcept {
    if (root != nullptr) std::exchange(root, nullptr)->handle().destroy();
    drop_kept();
  }

  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    // The frame is destroyed in what follows: not from inside its own final suspension.
    self.run = &ended_job;
    now.epilogue = &self;
    return std::noop_coroutine();
  }

  static void ended_job(rt::job& job, rt::turn& now) noexcept {
    auto& self = static_cast<spawned&>(static_cast<rt::roster::member&>(static_cast<rt::scope&>(job)));
    rt::engine& home = self.home();
    if (self.root != nullptr) {
      self.result.take_over(static_cast<promise<T>*>(self.root)->result);
      if (self.result.has_error()) [[unlikely]] {
        self.where = self.root->site();
        self.unhandled = home.unhandled();
      }
    } else {
      self.was_stopped = true;
    }
    // Before anyone hears of the end: what the task held is given back by then.
    self.destroy_frame();
    home.leave(self);
    WEFT_CHAOS(yield);
    const rt::lifecycle::completion done = self.life.complete();
    // SAFETY: with `nothing` the handle may free the block at once; `self` is not touched after.
    switch (done.owed) {
      case rt::lifecycle::duty::nothing:
        break;
      case rt::lifecycle::duty::destroy:
        self.destroy();
        break;
      case rt::lifecycle::duty::wake_waiter:
        WEFT_CHAOS(yield);
        if (done.waiter->finish()) go_on_with(*done.waiter, now);
        break;
    }
  }

  // The waiter goes on here, in what is left of this turn, as a parent does whose awaited child has ended.
  static void go_on_with(rt::scope& waiter, rt::turn& now) noexcept {
    if (&waiter.home() == now.home) {
      now.hand_over_to(waiter);
    } else {
      waiter.home().submit(waiter);
    }
  }
};

template <class T, class Call>
struct spawned_call final : spawned<T> {
  std::optional<Call> kept;

  // Keeps a Call that is made of nothing.
  spawned_call() { kept.emplace(); }
  template <class... As>
  explicit spawned_call(rt::spawn_mark of, As&&... arguments) : spawned<T>(std::move(of)) {
    kept.emplace(std::forward<As>(arguments)...);
  }

 private:
  void drop_kept() noexcept override { kept.reset(); }
};

}  // namespace weft::inline WEFT_ABI::detail
