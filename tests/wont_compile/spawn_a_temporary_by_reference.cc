// A temporary is kept by value, so a const reference may refer to it; a T& may not.
//
// says: spawn keeps the arguments and passes them on as rvalues, which a T& does not take
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>

#include "weft/weft.h"

weft::task<std::size_t> measure(const std::string& text) {
  co_return text.size();
}

weft::task<> append(std::string& text) {
  text += "x";
  co_return;
}

weft::task<> program() {
#ifdef WRONG
  co_await weft::spawn(append, std::string("a temporary"));
#endif
  auto kept = weft::spawn(measure, std::string("a temporary"));
  static_cast<void>(co_await kept);
}
