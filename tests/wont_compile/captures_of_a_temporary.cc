// The captures of a lambda are not in the frame of its coroutine: they die with the lambda.
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
#ifdef WRONG
  auto later = [name]() -> weft::task<std::size_t> { co_return name.size(); }();
#else
  const auto size_of_name = [name]() -> weft::task<std::size_t> { co_return name.size(); };
  auto later = size_of_name();
#endif
  static_cast<void>(co_await std::move(later));
}
