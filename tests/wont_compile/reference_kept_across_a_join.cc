// A join that is made in one line and awaited in another keeps what its tasks refer to no longer than they do.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: temporary whose address is used as value of local variable
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <utility>

#include "weft/weft.h"

weft::task<std::size_t> length(const std::string& text) {
  co_return text.size();
}

weft::task<> program() {
  const std::string long_lived = "a local";
#ifdef WRONG
  auto both = weft::when_all(length(std::string("a temporary")), length(long_lived));
#else
  auto both = weft::when_all(length(long_lived), length(long_lived));
#endif
  static_cast<void>(co_await std::move(both));
}
