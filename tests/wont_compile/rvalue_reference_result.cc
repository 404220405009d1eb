// What a T&& refers to is gone when the result is looked at.
//
// says: a task gives a value, an lvalue reference or nothing
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "weft/weft.h"

#ifdef WRONG
weft::task<std::string&&> name() {
  co_return std::string("x");
}
#else
weft::task<std::string> name() {
  co_return std::string("x");
}
#endif

weft::task<> program() {
  static_cast<void>(co_await name());
}
