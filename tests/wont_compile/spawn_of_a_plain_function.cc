// A function that is no coroutine runs on another pool.
//
// says: spawn takes a function that returns a weft::task
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

int slow() {
  return 1;
}

weft::task<> program() {
#ifdef WRONG
  auto running = weft::spawn(slow);
  static_cast<void>(co_await running);
#else
  static_cast<void>(co_await weft::spawn_blocking(slow));
#endif
}
