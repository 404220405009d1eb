// Errors that plant.py has put into a copy of the sources: which of them is switched on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

inline unsigned active_mutant = 0;  // 0: none

[[nodiscard]] inline bool is_planted(unsigned number) noexcept {
  return active_mutant == number;
}

// One planted error: in which model's list it stands, and what it is called.
struct mutant {
  unsigned number;
  const char* model;
  const char* name;
};

}  // namespace weft::inline WEFT_ABI::model
