// The spawned task runs when the temporary is gone. Give spawn the function and the argument: both are kept.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: temporary whose address is used as value of local variable
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>

#include "weft/weft.h"

weft::task<std::size_t> length(const std::string& text) {
  co_return text.size();
}

weft::task<> program(weft::runtime& rt) {
#ifdef WRONG
  auto here = weft::spawn(length(std::string("a temporary")));
  auto there = rt.spawn(length(std::string("a temporary")));
#else
  auto here = weft::spawn(length, std::string("a temporary"));
  auto there = rt.spawn(length, std::string("a temporary"));
#endif
  static_cast<void>(co_await here);
  static_cast<void>(co_await there);
}
