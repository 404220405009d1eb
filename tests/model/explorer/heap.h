// Memory of a model: nothing that it frees is used again before the execution is over, so that a use after free
// meets an object that says it is dead; and what it has not freed by then is a leak.
//
// This replaces the program's operator new and delete.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

// While one lives, memory is the explorer's own and is not counted.
class own_memory {
 public:
  own_memory() noexcept : before_(depth) { depth = 1; }
  own_memory(const own_memory&) = delete;
  own_memory& operator=(const own_memory&) = delete;
  ~own_memory() { depth = before_; }

  static inline unsigned depth = 1;  // 0: a model's thread is running

 private:
  unsigned before_;
};

// The blocks that a model has allocated and not freed.
[[nodiscard]] std::size_t live_blocks() noexcept;
// Gives back everything that was allocated under a model, freed or not.
void drop_blocks() noexcept;

}  // namespace weft::inline WEFT_ABI::model
