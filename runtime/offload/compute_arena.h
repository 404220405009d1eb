// The oneTBB arena that compute calls run in, and how many threads are in it. For compute_pool.cc alone.
//
// Made at the first call. No oneTBB header is seen from here: what is behind it stands in compute_arena.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "weft/rt/base/atomic.h"
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

  [[nodiscard]] unsigned threads_inside() const noexcept {
    return inside_.load(std::memory_order_relaxed);  // a hint
  }

 private:
  struct observed_arena;

  [[maybe_unused]] const unsigned threads_;  // not without oneTBB
  // Counted by the threads that enter and leave, read by anyone; publishes nothing.
  atomic<unsigned> inside_{0};
  std::once_flag is_made_;
  std::unique_ptr<observed_arena> made_;
};

}  // namespace weft::inline WEFT_ABI::rt
