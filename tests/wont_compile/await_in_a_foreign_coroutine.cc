// A task of ours runs on a runtime; the coroutine of another library has none.
//
// says: deleted (function|operator)[^$]*take weft::as_awaitable
// SPDX-License-Identifier: Apache-2.0
#include <coroutine>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

struct foreign {
  struct promise_type {
    foreign get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
};

#ifdef WRONG
foreign program(weft::runtime&) {
  static_cast<void>(co_await answer());
}
#else
foreign program(weft::runtime& rt) {
  static_cast<void>(co_await weft::as_awaitable(rt, answer()));
}
#endif
