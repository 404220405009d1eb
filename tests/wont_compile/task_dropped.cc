// A task is made, and nobody awaits it.
//
// says: a task that is not awaited does nothing
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<> program() {
#ifdef WRONG
  answer();
#else
  co_await answer();
#endif
  co_return;
}
