// A member coroutine refers to its object.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: temporary whose address is used as value of local variable
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/weft.h"

struct server {
  weft::task<> serve() { co_return; }
};

weft::task<> program() {
#ifdef WRONG
  auto later = server().serve();
#else
  server own;
  auto later = own.serve();
#endif
  co_await std::move(later);
}
