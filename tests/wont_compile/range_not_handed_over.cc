// A join takes the tasks out of the range.
//
// says: a range hands its tasks over: write std::move\(tasks\)
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
  static_cast<void>(co_await weft::when_all(all));
#else
  static_cast<void>(co_await weft::when_all(std::move(all)));
#endif
}
