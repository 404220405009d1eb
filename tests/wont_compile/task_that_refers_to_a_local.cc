// A function that hands a coroutine on must not hand its own locals to it.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: address of stack memory associated with local variable
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>

#include "weft/weft.h"

weft::task<std::size_t> length(const std::string& text) {
  co_return text.size();
}

WEFT_CORO_WRAPPER weft::task<std::size_t> program(const std::string& text) {
#ifdef WRONG
  const std::string local = text;
  return length(local);
#else
  return length(text);
#endif
}
