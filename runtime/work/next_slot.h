// The place of the one task that its worker runs next: what the running job has just made ready.
//
// It is warm in the caches, and whoever woke it is often about to wait for it; so it goes before the tasks that were
// ready earlier, a few times in a row at most (scheduler/find_work.h). It is nobody else's business for as long as the
// running job is short; when it is long, the sentinel takes the task out.
//
// put() and take() by the owner; steal() by any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/work/job.h"

namespace weft::inline WEFT_ABI::rt {

class next_slot {
 public:
  next_slot() = default;
  next_slot(const next_slot&) = delete;
  next_slot& operator=(const next_slot&) = delete;

  // False: it is taken, by one that was there before. Costs no locked instruction.
  [[nodiscard]] bool put(job& ready) noexcept {
    if (held_.load(std::memory_order_relaxed) != nullptr) return false;  // only we fill it
    WEFT_CHAOS(yield);
    held_.store(&ready, std::memory_order_release);  // pairs with steal()
    return true;
  }

  // The owner's, or null.
  [[nodiscard]] job* take() noexcept {
    if (held_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    WEFT_CHAOS(yield);
    return held_.exchange(nullptr, std::memory_order_relaxed);  // what it points to is ours
  }

  [[nodiscard]] job* steal() noexcept {
    if (held_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    WEFT_CHAOS(yield);
    return held_.exchange(nullptr, std::memory_order_acquire);  // pairs with put()
  }

  // Any thread; a hint.
  [[nodiscard]] bool empty() const noexcept { return held_.load(std::memory_order_acquire) == nullptr; }

 private:
  // Filled by the owner; emptied by the owner and by thieves, by exchange.
  atomic<job*> held_{nullptr};
};

}  // namespace weft::inline WEFT_ABI::rt
