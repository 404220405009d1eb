// Dropping the handle lets the task go, and is to be said.
//
// says: say so with detach\(\)
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<> program() {
#ifdef WRONG
  weft::spawn(answer);
#else
  weft::spawn(answer).detach();
#endif
  co_return;
}
