// How this test was built, for tests that do less work where every step costs more.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "tests/support/chaos.h"

namespace weft::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

// `full` in ordinary builds; a tenth under a sanitizer or under chaos, whose steps take five to twenty times as long.
constexpr std::size_t scaled(std::size_t full) {
  return is_sanitized || is_chaos ? full / 10 : full;
}

}  // namespace weft::test
