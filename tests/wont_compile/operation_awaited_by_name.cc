// What holds for a task holds for every operation that is awaited once: joins, semaphores, sleeps.
//
// says: this is awaited once: write co_await std::move\(it\)
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<> program(weft::semaphore& door) {
  auto both = weft::when_all(answer(), answer());
  auto place = door.acquire();
#ifdef WRONG
  static_cast<void>(co_await both);
  auto permit = co_await place;
#else
  static_cast<void>(co_await std::move(both));
  auto permit = co_await std::move(place);
#endif
}
