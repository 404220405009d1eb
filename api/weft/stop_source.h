// inplace_stop_source and inplace_stop_callback: a stop that the program asks for, and a function that hears of one.
// As those of C++26.
//
//     weft::inplace_stop_source quit;
//     rt.spawn(serve, quit.get_token());                       // co_await weft::with_stop_token(token, …)
//     quit.request_stop();                                     // from any thread
//
//     const weft::inplace_stop_callback cancel(co_await weft::current_stop_token(), [&] { foreign.cancel(); });
//     co_await foreign.wait();                                 // something that a stop does not reach
//
// A callback is called at most once. On a source's token: by the thread that asks, inside request_stop(). On a task's
// token: by a job on a worker of its runtime, because the stop may come from inside a lock; a callback that is
// destroyed before its turn is not called. If the stop was asked for before, by the constructor.
//
// Thread safety: request_stop(), get_token() and stop_requested() from any thread, callbacks may be made and destroyed
// on any. A callback's destructor waits while it runs on another thread; from inside itself it does not wait. So a
// callback must not wait for what holds its destructor up.
// Errors: the function must not throw. The first callback on a task's token may throw std::bad_alloc.
// Stop: no stop points; these are no operations.
// Cost: no allocation on a source's token, one in the life of a task on its own; a short lock each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "weft/rt/work/stop_callbacks.h"
#include "weft/stop.h"

namespace weft::inline WEFT_ABI {

class inplace_stop_source {
 public:
  inplace_stop_source() = default;
  inplace_stop_source(const inplace_stop_source&) = delete;
  inplace_stop_source& operator=(const inplace_stop_source&) = delete;

  [[nodiscard]] inplace_stop_token get_token() noexcept { return inplace_stop_token(callbacks_); }

  // Calls the callbacks. True: nobody had asked before. Idempotent.
  bool request_stop() noexcept { return callbacks_.request(); }
  [[nodiscard]] bool stop_requested() const noexcept { return callbacks_.is_requested(); }
  [[nodiscard]] static constexpr bool stop_possible() noexcept { return true; }

 private:
  rt::stop_callbacks callbacks_;
};

template <class F>
class inplace_stop_callback : rt::stop_callbacks::entry {
 public:
  using callback_type = F;

  template <class G>
    requires std::constructible_from<F, G> && std::invocable<F>
  explicit inplace_stop_callback(inplace_stop_token token, G&& function)
      : entry(&call_back), function_(std::forward<G>(function)), is_enlisted_(token.enlist(*this)) {}
  inplace_stop_callback(const inplace_stop_callback&) = delete;
  inplace_stop_callback& operator=(const inplace_stop_callback&) = delete;
  ~inplace_stop_callback() {
    if (is_enlisted_) in->remove(*this);
  }

 private:
  static void call_back(entry& self) noexcept {
    std::forward<F>(static_cast<inplace_stop_callback&>(self).function_)();
  }

  F function_;
  bool is_enlisted_;
};

template <class F>
inplace_stop_callback(inplace_stop_token, F) -> inplace_stop_callback<F>;

}  // namespace weft::inline WEFT_ABI
