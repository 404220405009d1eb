// A full fence on every thread of the process that runs at this moment, by the kernel (membarrier).
//
// The heavy half of an asymmetric fence: one side calls it seldom, so that the other side, which is the frequent one,
// needs no fence. Some microseconds a call.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt::os {

using fence_fn = void (*)() noexcept;

// Null where the kernel refuses it: then both sides need a fence. Any thread; the same answer each time.
[[nodiscard]] fence_fn process_fence() noexcept;

}  // namespace weft::inline WEFT_ABI::rt::os
