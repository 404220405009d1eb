// A local dies with the coroutine, before its awaiter sees the result.
//
// says: a task<T&> gives a reference: to a local or a temporary of the coroutine it would dangle
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "weft/weft.h"

weft::task<std::string&> name(std::string& kept) {
  std::string local = "x";
#ifdef WRONG
  co_return local;
#else
  kept = local;
  co_return kept;
#endif
}
