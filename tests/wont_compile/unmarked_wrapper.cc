// With the checks on, a plain function that returns a task says that it means to.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: neither a coroutine nor a coroutine wrapper
// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

#ifndef WRONG
WEFT_CORO_WRAPPER
#endif
weft::task<int> program() {
  return answer();
}

// The standard library is marked.
weft::task<int> through_a_function() {
  const std::function<weft::task<int>()> made = program;
  co_return co_await made() + co_await std::invoke(program);
}
