// Rules that the caller must keep. A broken rule ends the process, with the rule in words.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// Prints `file:line: weft: <words>` to standard error and aborts. Allocates nothing.
[[noreturn]] void broken_rule(const char* file, int line, const char* condition, const char* words) noexcept;

}  // namespace weft::inline WEFT_ABI::rt

// Always checked: the rule, as a user would read it, stands in `words`.
#define WEFT_CHECK(condition, words)                   \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::weft::rt::broken_rule(__FILE__, __LINE__, #condition, words))

// Checked when WEFT_DEBUG is 1: invariants of our own.
#if WEFT_DEBUG
#define WEFT_DCHECK(condition, words) WEFT_CHECK(condition, words)
#else
#define WEFT_DCHECK(condition, words) static_cast<void>(0)
#endif
