// Debug builds: a task that is destroyed, and that nobody awaited or spawned.
//
// A line on standard error and no abort: a program may have a reason. Where the reason is known nothing is said: while
// an exception is in flight, or a stop takes the owner's frame apart, the task has lost its turn and is no mistake.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"
#include "weft/rt/work/frame.h"

namespace weft::inline WEFT_ABI::detail {

// `forgotten` has not begun. Any thread.
WEFT_COLD void report_unawaited(const rt::frame& forgotten) noexcept;

}  // namespace weft::inline WEFT_ABI::detail
