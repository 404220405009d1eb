// A value is no operation.
//
// says: this type cannot be awaited
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<int> program() {
#ifdef WRONG
  co_return co_await co_await answer();
#else
  co_return co_await answer();
#endif
}
