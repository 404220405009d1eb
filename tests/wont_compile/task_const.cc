// A const task cannot be moved into its await.
//
// says: this is awaited once, and moved for it: it must not be const
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<int> program() {
#ifdef WRONG
  const weft::task<int> later = answer();
#else
  weft::task<int> later = answer();
#endif
  co_return co_await std::move(later);
}
