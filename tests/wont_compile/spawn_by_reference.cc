// A spawned task keeps its arguments: a T& would refer to the copy, or to what dies before the task.
//
// says: spawn keeps the arguments and passes them on as rvalues, which a T& does not take: write std::ref\(it\)
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>

#include "weft/weft.h"

weft::task<> append(std::string& text) {
  text += "x";
  co_return;
}

weft::task<> program(std::string& text, weft::task_group& group) {
#ifdef WRONG
  auto one = weft::spawn(append, text);
  group.spawn(append, text);
#else
  auto one = weft::spawn(append, std::ref(text));
  group.spawn(append, std::ref(text));
#endif
  co_await one;
}
