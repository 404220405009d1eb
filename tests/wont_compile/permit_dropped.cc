// A permit that has no name is given back before the next line. GCC 12 does not look at what an await gives.
//
// compilers: clang
// says: a permit that is dropped is given back at once
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<> program(weft::semaphore& door) {
#ifdef WRONG
  co_await door.acquire();
#else
  auto permit = co_await door.acquire();
#endif
}
