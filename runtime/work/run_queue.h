// One worker's queue of tasks that became ready, first in first out.
//
// The owner pushes and pops; any other worker may take half. Bounded: a full queue hands half of itself back
// to the caller, who injects it, so that a flood on one worker reaches the others.
//
// Invariant 1: slots in [head_, tail_) hold jobs; all others are free. Both counts only grow: they do not repeat.
// Invariant 2: only the owner moves tail_; whoever wins the exchange on head_ owns the slots it passed.
//
// After the local run queue of Go's scheduler (runtime/proc.go, runqput and runqgrab).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/padded.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

class run_queue {
 public:
  // Small in a model, so that it fills and wraps.
  static constexpr std::uint64_t capacity = WEFT_MODEL ? 4 : 256;

  run_queue() = default;
  run_queue(const run_queue&) = delete;
  run_queue& operator=(const run_queue&) = delete;

  // Owner. False when the queue is full.
  [[nodiscard]] bool push(job& ready) noexcept {
    const std::uint64_t tail = tail_->load(std::memory_order_relaxed);  // ours
    // Acquire: whoever passed a slot has read it.
    if (tail - head_->load(std::memory_order_acquire) >= capacity) [[unlikely]]
      return false;
    slot(tail).store(&ready, std::memory_order_relaxed);  // ordered by tail_, next line
    WEFT_CHAOS(yield);
    tail_->store(tail + 1, std::memory_order_release);  // pairs with steal_half(): acquire of tail_
    return true;
  }

  // Owner. When the queue is full, its older half and `ready` are appended to `overflow` instead.
  void push_or_overflow(job& ready, job_list& overflow) noexcept {
    if (push(ready)) return;
    const std::uint64_t tail = tail_->load(std::memory_order_relaxed);  // ours
    std::uint64_t head = tail - capacity;                               // as push() saw it
    WEFT_CHAOS(yield);
    if (head_->compare_exchange_strong(head, head + capacity / 2, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      for (std::uint64_t i = 0; i < capacity / 2; ++i) {
        overflow.push_back(*slot(head + i).load(std::memory_order_relaxed));  // ours since the exchange
      }
      overflow.push_back(ready);
      return;
    }
    // A thief has just made room, and the failed exchange acquired its reads; only the owner fills it.
    slot(tail).store(&ready, std::memory_order_relaxed);
    tail_->store(tail + 1, std::memory_order_release);
  }

  // Owner. The oldest job, or null.
  [[nodiscard]] job* pop() noexcept {
    std::uint64_t head = head_->load(std::memory_order_acquire);
    while (head != tail_->load(std::memory_order_relaxed)) {
      if (WEFT_CHAOS(failed_cas)) continue;
      job* oldest = slot(head).load(std::memory_order_relaxed);
      WEFT_CHAOS(yield);
      if (head_->compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        return oldest;
      }
    }
    return nullptr;
  }

  // Owner. Takes out `wanted` if it is the oldest job; false if it is not, or a thief was faster.
  [[nodiscard]] bool pop_if_oldest(const job& wanted) noexcept {
    std::uint64_t head = head_->load(std::memory_order_acquire);
    if (head == tail_->load(std::memory_order_relaxed)) return false;  // ours
    // A thief may have it already; then the exchange fails.
    if (slot(head).load(std::memory_order_relaxed) != &wanted) return false;
    WEFT_CHAOS(yield);
    return head_->compare_exchange_strong(head, head + 1, std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  // Called by the owner of `mine`, which has room for half a queue. Moves the older half of this queue there,
  // except the oldest job, which is returned; null when there was nothing.
  [[nodiscard]] job* steal_half_into(run_queue& mine) noexcept {
    const std::uint64_t to = mine.tail_->load(std::memory_order_relaxed);
    std::uint64_t head = head_->load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t tail = tail_->load(std::memory_order_acquire);  // pairs with push: the slots
      std::uint64_t count = tail - head;
      count -= count / 2;
      if (count == 0) return nullptr;
      if (count > capacity / 2) {  // head moved between the two loads
        head = head_->load(std::memory_order_acquire);
        continue;
      }
      if (WEFT_CHAOS(failed_cas)) continue;
      job* oldest = slot(head).load(std::memory_order_relaxed);  // ours only if the exchange succeeds
      for (std::uint64_t i = 1; i < count; ++i) {
        mine.slot(to + i - 1)
            .store(slot(head + i).load(std::memory_order_relaxed), std::memory_order_relaxed);
      }
      WEFT_CHAOS(yield);
      if (head_->compare_exchange_weak(head, head + count, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        if (count > 1) mine.tail_->store(to + count - 1, std::memory_order_release);
        return oldest;
      }
    }
  }

  // Owner: whether half of another queue fits.
  [[nodiscard]] bool has_room_for_half() const noexcept {
    return tail_->load(std::memory_order_relaxed) - head_->load(std::memory_order_acquire) <= capacity / 2;
  }

  // Any thread; a hint.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::uint64_t head = head_->load(std::memory_order_acquire);
    const std::uint64_t tail = tail_->load(std::memory_order_acquire);
    return tail > head ? static_cast<std::size_t>(tail - head) : 0;
  }
  [[nodiscard]] bool empty() const noexcept {
    return head_->load(std::memory_order_acquire) == tail_->load(std::memory_order_acquire);
  }

 private:
  [[nodiscard]] atomic<job*>& slot(std::uint64_t index) noexcept { return slots_[index % capacity]; }

  // Moved by owner and thieves, by exchange. The owner's acquire load in push pairs with it: a slot is
  // written again only after its last reader has left.
  padded<atomic<std::uint64_t>> head_{std::uint64_t{0}};
  // Written by the owner, read by thieves; publishes the slots below it.
  padded<atomic<std::uint64_t>> tail_{std::uint64_t{0}};
  std::array<atomic<job*>, capacity> slots_{};
};

}  // namespace weft::inline WEFT_ABI::rt
