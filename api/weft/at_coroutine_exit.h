// at_coroutine_exit: clean-up that is awaited when the coroutine has ended, in whatever way.
//
//     weft::task<> session(weft::tcp_stream& peer) {
//       co_await weft::at_coroutine_exit(say_goodbye, std::ref(peer));     // peer outlives the coroutine
//       …
//     }
//
// `fn(args…)` is called, and what it returns (a task, or any operation of ours) is awaited, after the coroutine's locals
// are gone and before its caller goes on: after co_return, after an exception, and after a stop. Functions run in the
// reverse order of their registration. They and their arguments are moved or copied in, and passed on as rvalues
// (std::ref for a reference): a function must not refer to locals of the coroutine. (Parameters are gone after a stop,
// and not yet after co_return.)
//
// A clean-up is not stopped: not by the stop that ends its coroutine, nor by others; a runtime that is stopped waits for
// it. Bound it by a timeout of its own.
//
// Errors: std::bad_alloc, and then nothing is registered. What the clean-up throws goes to
// runtime_options::on_unhandled_error; the coroutine's own result stands.
// Stop: registering is no stop point.
// Cost: an allocation, and one more for the first in a chain of awaits; a coroutine without clean-up pays nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

#include "weft/detail/spawned.h"
#include "weft/rt/engine.h"
#include "weft/rt/work/scope_extras.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {
namespace detail {

template <class Call>
task<> run_exit_call(Call& kept) {
  static_cast<void>(co_await kept.make());
}

// What is called, and the coroutine that does it. Made at the registration, so that the end itself cannot fail for
// want of this memory.
template <class Call>
struct exit_call final : rt::exit_hook, pooled {
  template <class... As>
  explicit exit_call(As&&... arguments) : kept(std::forward<As>(arguments)...) {
    drop = &drop_call;
    root = run_exit_call(kept).release();
  }
  exit_call(const exit_call&) = delete;
  exit_call& operator=(const exit_call&) = delete;
  ~exit_call() {
    if (root != nullptr) root->handle().destroy();
  }

  static void drop_call(rt::exit_hook& self) noexcept {
    auto& result = static_cast<promise<void>*>(self.root)->result;
    if (result.has_error()) {
      report_unhandled(*self.home().unhandled(), self, self.root->site(), result.take_error());
    }
    delete static_cast<exit_call*>(&self);
  }

  Call kept;
};

template <class Call>
class exit_awaiter {
 public:
  explicit exit_awaiter(std::unique_ptr<exit_call<Call>> registered) noexcept
      : hook_(std::move(registered)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    of_ = &self.promise();
    return false;
  }
  void await_resume() {
    of_->home().at_exit(*hook_, *of_);
    static_cast<void>(hook_.release());
  }

 private:
  std::unique_ptr<exit_call<Call>> hook_;
  rt::frame* of_ = nullptr;
};

template <class Call>
class [[nodiscard("nothing is registered until this is awaited")]] exit_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit exit_operation(std::unique_ptr<exit_call<Call>> registered) noexcept
      : hook_(std::move(registered)) {}
  [[nodiscard]] auto into_awaiter() && noexcept { return exit_awaiter<Call>(std::move(hook_)); }

 private:
  std::unique_ptr<exit_call<Call>> hook_;
};

}  // namespace detail

template <class F, class... Args>
  requires detail::awaitable_of_ours<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>>
[[nodiscard]] auto at_coroutine_exit(F&& function, Args&&... arguments) {
  using call = detail::kept_call<std::decay_t<F>, std::decay_t<Args>...>;
  auto made = std::unique_ptr<detail::exit_call<call>>(
      new detail::exit_call<call>(std::forward<F>(function), std::forward<Args>(arguments)...));
  return detail::exit_operation<call>(std::move(made));
}

}  // namespace weft::inline WEFT_ABI
