// An operation does nothing until it is awaited.
//
// says: (warn_unused_result|nodiscard)
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<> program() {
#ifdef WRONG
  weft::yield_now();
#endif
  co_await weft::yield_now();
}
