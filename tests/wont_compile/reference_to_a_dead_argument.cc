// A reference parameter refers to the argument, which is gone at the end of the line.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: temporary whose address is used as value of local variable
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <utility>

#include "weft/weft.h"

weft::task<std::size_t> length(const std::string& text) {
  co_return text.size();
}

weft::task<> program() {
#ifdef WRONG
  auto later = length(std::string("a temporary"));
  static_cast<void>(co_await std::move(later));
#else
  static_cast<void>(co_await length(std::string("a temporary")));
#endif
}
