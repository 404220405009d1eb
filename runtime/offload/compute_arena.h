// The oneTBB arena that compute calls run in. For compute_pool.cc alone.
//
// Made at the first call. No oneTBB header is seen from here: what is behind it stands in compute_arena.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "weft/rt/offload/call.h"

namespace weft::inline WEFT_ABI::rt {

class compute_arena {
 public:
  explicit compute_arena(unsigned threads) noexcept;
  compute_arena(const compute_arena&) = delete;
  compute_arena& operator=(const compute_arena&) = delete;
  ~compute_arena();  // nobody is inside but oneTBB's own workers, on their way out

  // A thread of the crew: invokes the call inside. Out of memory aborts.
  void run(call& taken) noexcept;

 private:
  struct tbb_arena;

  [[maybe_unused]] const unsigned threads_;  // not without oneTBB
  std::once_flag is_made_;
  std::unique_ptr<tbb_arena> made_;
};

}  // namespace weft::inline WEFT_ABI::rt
