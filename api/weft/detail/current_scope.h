// The scope that the awaiting coroutine runs in. Never suspends, and is no stop point.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>

#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::detail {

class current_scope_awaiter {
 public:
  current_scope_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    scope_ = &self.promise().home();
    return false;
  }
  [[nodiscard]] rt::scope& await_resume() const noexcept { return *scope_; }

 private:
  rt::scope* scope_ = nullptr;
};

struct current_scope_operation {
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return current_scope_awaiter(); }
};

}  // namespace weft::inline WEFT_ABI::detail
