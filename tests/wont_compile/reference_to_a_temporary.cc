// A const reference would take a temporary, too.
//
// says: a task<T&> gives a reference: to a local or a temporary of the coroutine it would dangle
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "weft/weft.h"

weft::task<const std::string&> name(const std::string& kept) {
#ifdef WRONG
  if (kept.empty()) co_return "nameless";
#endif
  co_return kept;
}
