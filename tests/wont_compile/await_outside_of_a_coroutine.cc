// A plain function blocks, or becomes a coroutine.
//
// says: unable to find the promise type|cannot be a coroutine
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

#ifdef WRONG
int program() {
  return co_await answer();
}
#else
int program() {
  return weft::run(answer());
}
#endif
