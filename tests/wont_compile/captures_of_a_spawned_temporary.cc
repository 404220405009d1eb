// Give spawn the callable, not the task that it made.
//
// compilers: clang
// flags: -include weft/lifetime_checks.h
// says: temporary whose address is used as value of local variable
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <utility>

#include "weft/weft.h"

weft::task<> program(std::string name) {
  auto size_of_name = [name]() -> weft::task<std::size_t> { co_return name.size(); };
#ifdef WRONG
  auto running = weft::spawn([name]() -> weft::task<std::size_t> { co_return name.size(); }());
#else
  auto running = weft::spawn(std::move(size_of_name));
#endif
  static_cast<void>(co_await running);
}
