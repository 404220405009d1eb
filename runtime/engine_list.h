// All engines of the process, for a debugger: a stopped process or a core dump has no other place to begin
// at.
//
// Nothing in weft reads the list; no behaviour hangs on it. docs/debugging/weft_gdb.py does, by the name of
// its head. Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/engine.h"

namespace weft::inline WEFT_ABI::rt {

class engine_list {
 public:
  // Once, when it has started.
  static void add(engine& started) noexcept;
  // Before it is destroyed; one that was not added is no error.
  static void remove(engine& dying) noexcept;
};

}  // namespace weft::inline WEFT_ABI::rt
