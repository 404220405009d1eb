// Functions that burn a core, and functions that block: neither belongs on a worker.
//
//     auto hash = co_await weft::compute([&] { return sha256(blob); });         // a core of its own
//     auto text = co_await weft::spawn_blocking([&] { return slurp(path); });   // a thread that may sleep
//
// compute() runs inside a oneTBB arena: tbb::parallel_* in the function composes with it.
//
// The task waits, the worker goes on with others. compute() runs at most runtime_options::compute_threads
// functions at once, spawn_blocking() at most blocking_threads; the rest queue, first in, first out.
//
// GCC 12 destroys by-value captures twice when the lambda is written inside the co_await expression (a defect
// of the compiler): capture by reference, or give the lambda a name first.
//
// Thread safety: the function runs on another thread while the task is suspended, so references to the task's
// locals are good. Its result and its exception travel back.
// Errors: what the function throws; std::system_error when no thread can be had, or the pool shuts down.
// Stop: a stop point. A function that still queues is dropped, unrun. One that runs is never interrupted: the
// task resumes with its result when it has ended (look at a current_stop_token() inside to end early).
// Cost: 10 to 35 µs, two switches between threads; worth it from about 100 µs of work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include "weft/detail/join.h"
#include "weft/detail/promise.h"
#include "weft/detail/result_slot.h"
#include "weft/rt/engine.h"
#include "weft/rt/offload/call.h"

namespace weft::inline WEFT_ABI {

namespace detail {

enum class pool : unsigned char { compute, blocking };

template <pool Where, class F>
class offload_awaiter : rt::call {
  using value = std::invoke_result_t<F&>;

 public:
  explicit offload_awaiter(F&& function)
      : rt::call(kind, &invoke_function, nullptr), function_(std::move(function)) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    rt::scope& own = leaf.home();
    waiter = &own;
    if (!own.arm(*this, leaf)) {
      stop_at(leaf, rt::this_turn());
      return true;
    }
    rt::start_outcome outcome;
    if constexpr (Where == pool::compute) {
      outcome = own.home().compute(*this);
    } else {
      outcome = own.home().block(*this);
    }
    switch (outcome) {
      case rt::start_outcome::started:
        return true;  // `this` may be gone
      case rt::start_outcome::stopped:
        own.to_unwind(leaf);
        if (own.finish()) stop_at(leaf, rt::this_turn());
        return true;
      case rt::start_outcome::refused:
        break;
    }
    return !own.finish();
  }

  value await_resume() {
    if (refusal) [[unlikely]]
      WEFT_THROW(std::system_error(refusal, "weft: the function was not run"));
    return result_.take();
  }

 private:
  static void invoke_function(rt::call& self) noexcept {
    auto& own = static_cast<offload_awaiter&>(self);
    WEFT_TRY {
      if constexpr (std::is_void_v<value>) {
        own.function_();
      } else {
        own.result_.set_value(own.function_());
      }
    }
    WEFT_CATCH_ALL {
      own.result_.set_error(std::current_exception());
    }
  }

  static constexpr rt::leaf_kind kind{Where == pool::compute ? "compute" : "spawn_blocking", &cancel_call,
                                      &describe_call};

  F function_;
  result_slot<value> result_;
};

}  // namespace detail

template <detail::pool Where, class F>
class [[nodiscard("the function does not run until this is awaited")]] offload_operation {
  static_assert(!detail::awaitable_of_ours<std::invoke_result_t<F&>>,
                "compute and spawn_blocking call a function: a task that it returns would never run");

 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit offload_operation(F function) : function_(std::move(function)) {}
  [[nodiscard]] auto into_awaiter() && { return detail::offload_awaiter<Where, F>(std::move(function_)); }

 private:
  F function_;
};

// A function that burns a core.
template <std::invocable F>
[[nodiscard]] auto compute(F function) {
  return offload_operation<detail::pool::compute, F>(std::move(function));
}

// A function that blocks.
template <std::invocable F>
[[nodiscard]] auto spawn_blocking(F function) {
  return offload_operation<detail::pool::blocking, F>(std::move(function));
}

}  // namespace weft::inline WEFT_ABI
