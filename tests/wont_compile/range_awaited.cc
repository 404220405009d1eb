// Several tasks are awaited by a join.
//
// says: a range of tasks is awaited with weft::when_all
// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include "weft/weft.h"

weft::task<int> answer() {
  co_return 42;
}

weft::task<> program() {
  std::vector<weft::task<int>> all;
  all.push_back(answer());
#ifdef WRONG
  co_await std::move(all);
#else
  static_cast<void>(co_await weft::when_all(std::move(all)));
#endif
}
