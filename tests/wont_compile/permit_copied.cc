// A permit has one owner.
//
// says: deleted (function|constructor|copy constructor)
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

weft::task<> program(weft::semaphore& door) {
  auto permit = co_await door.acquire();
#ifdef WRONG
  auto second = permit;
#else
  auto second = std::move(permit);
#endif
}
