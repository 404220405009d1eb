// A task that is returned there is not awaited by anybody.
//
// says: compute and spawn_blocking call a function: a task that it returns would never run
// SPDX-License-Identifier: Apache-2.0
#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<int> program() {
#ifdef WRONG
  static_cast<void>(co_await weft::compute(answer));
#endif
  co_return co_await answer();
}
