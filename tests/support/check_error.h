// What an action throws, as a value to compare. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <system_error>
#include <utility>

namespace weft::test {

// The text of what `action` throws; "nothing" if it does not.
template <class Action>
std::string thrown_by(Action action) {
  try {
    static_cast<void>(action());
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "something that is no std::exception";
  }
  return "nothing";
}

// The code of the std::system_error that `action` throws; no error if it does not.
template <class Action>
std::error_code code_thrown_by(Action action) {
  try {
    static_cast<void>(action());
  } catch (const std::system_error& thrown) {
    return thrown.code();
  }
  return {};
}

inline std::string text_of(const std::exception_ptr& error) {
  return thrown_by([&]() -> int { std::rethrow_exception(error); });
}

}  // namespace weft::test
