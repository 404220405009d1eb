// A task has one owner.
//
// says: deleted (function|constructor)[^$]*write std::move\(it\)
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<> program() {
  weft::task<int> one = answer();
#ifdef WRONG
  static_cast<void>(co_await weft::when_all(one, answer()));
#else
  static_cast<void>(co_await weft::when_all(std::move(one), answer()));
#endif
}
