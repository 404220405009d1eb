// A task gives its result once, so it is moved into its await.
//
// says: this is awaited once: write co_await std::move\(it\)
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<int> program() {
  weft::task<int> later = answer();
#ifdef WRONG
  co_return co_await later;
#else
  co_return co_await std::move(later);
#endif
}
