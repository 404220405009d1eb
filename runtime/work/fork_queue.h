// Forked children, last in first out: the owner pushes and pops at the bottom, thieves take from the top.
//
// The deque of Chase and Lev ("Dynamic circular work-stealing deque", SPAA 2005) with the orders of Lê, Pop,
// Cohen and Zappa Nardelli ("Correct and efficient work-stealing for weak memory models", PPoPP 2013), but
// with the order on the operations: ThreadSanitizer does not see a standalone fence.
//
// Invariant 1: top_ only grows, so no word repeats and no item is taken twice.
// Invariant 2: only the owner writes bottom_, the slots and ring_.
// Invariant 3: a ring that was outgrown lives until the queue dies: a thief may still read it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/padded.h"
#include "weft/rt/work/job.h"

namespace weft::inline WEFT_ABI::rt {

class fork_queue {
 public:
  // Makes every running thread of the process pass a full fence; null where the system has none to offer.
  using fence_fn = void (*)() noexcept;

  // Small in a model, where it grows.
  static constexpr std::size_t usual_capacity = WEFT_MODEL ? 2 : 1024;

  // `capacity` is a power of two.
  explicit fork_queue(std::size_t capacity = usual_capacity, fence_fn for_all_threads = nullptr)
      : fence_(for_all_threads), owned_(new ring(capacity, nullptr)) {
    ring_.store(owned_, std::memory_order_relaxed);  // no other thread knows of us yet
  }
  fork_queue(const fork_queue&) = delete;
  fork_queue& operator=(const fork_queue&) = delete;
  ~fork_queue() { delete owned_; }

  // Owner. Publishes the item, and what was written before, to thieves. Throws std::bad_alloc when it must
  // grow.
  void push(job& forked) {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed);  // ours
    reserve();
    owned_->slot(bottom).store(&forked, std::memory_order_relaxed);  // ordered by bottom_, next line
    WEFT_CHAOS(yield);
    bottom_->store(bottom + 1, std::memory_order_release);  // pairs with steal(): load of bottom_
  }

  // Owner. Makes room for one more item: the next push() does not throw. Throws std::bad_alloc.
  void reserve() {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed);  // ours
    const std::int64_t top = top_->load(std::memory_order_acquire);        // a thief has left the slots below
    if (bottom - top >= owned_->size()) [[unlikely]]
      grow(top, bottom);
  }

  // Owner. The item pushed last, or null when there is none (or a thief was faster).
  [[nodiscard]] job* pop() noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    // A cheap look first: an empty queue costs no locked instruction.
    if (top_->load(std::memory_order_relaxed) > bottom) return nullptr;
    return take(bottom, owned_->slot(bottom).load(std::memory_order_relaxed));
  }

  // Owner. pop(), if the item stands in [begin, end); null otherwise. Items that are gone already are compared, not
  // followed.
  [[nodiscard]] job* pop_within(const void* begin, const void* end) noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    // What is left of an item that was taken may be read here; then take() finds the queue empty.
    job* const last = owned_->slot(bottom).load(std::memory_order_relaxed);
    if (last < begin || last >= end) return nullptr;
    return take(bottom, last);
  }

  // Any thread. The oldest item, or null when there is none or another was faster.
  [[nodiscard]] job* steal() noexcept {
    std::int64_t top = top_->load(std::memory_order_seq_cst);             // before bottom_: see pop()
    if (top >= bottom_->load(std::memory_order_seq_cst)) return nullptr;  // pairs with push(): release
    if (fence_ != nullptr) {
      // Now the owner has seen `top`, or we see what it has taken before.
      fence_();
      if (top >= bottom_->load(std::memory_order_acquire)) return nullptr;
    }
    WEFT_CHAOS(yield);
    ring* current = ring_.load(std::memory_order_acquire);            // pairs with grow()
    job* taken = current->slot(top).load(std::memory_order_relaxed);  // ours only if the exchange succeeds
    WEFT_CHAOS(yield);
    if (!top_->compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
      return nullptr;
    }
    return taken;
  }

  // Owner. Where the next item will stand: all that is pushed from now on, and not popped, stands there or above.
  [[nodiscard]] std::int64_t mark() const noexcept { return bottom_->load(std::memory_order_relaxed); }

  // Any thread. steal(), if the oldest item stands at `mark` or above; null otherwise.
  [[nodiscard]] job* steal_above(std::int64_t mark) noexcept {
    // Relaxed: top_ only grows, so whatever steal() finds stands above as well.
    return top_->load(std::memory_order_relaxed) < mark ? nullptr : steal();
  }

  // Any thread; hints.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::int64_t top = top_->load(std::memory_order_acquire);
    const std::int64_t bottom = bottom_->load(std::memory_order_acquire);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }
  [[nodiscard]] bool empty() const noexcept {
    return top_->load(std::memory_order_acquire) >= bottom_->load(std::memory_order_acquire);
  }

 private:
  struct ring {
    ring(std::size_t capacity, ring* before)
        : mask(static_cast<std::int64_t>(capacity) - 1),
          outgrown(before),
          slots(new atomic<job*>[capacity]) {}
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
      delete[] slots;
      delete outgrown;  // rings double: at most 60 deep
    }
    [[nodiscard]] std::int64_t size() const noexcept { return mask + 1; }
    [[nodiscard]] atomic<job*>& slot(std::int64_t index) const noexcept { return slots[index & mask]; }

    std::int64_t mask;
    ring* outgrown;
    atomic<job*>* slots;
  };

  // Owner. Takes `last`, which was read from the slot at `bottom`, if no thief has.
  [[nodiscard]] job* take(std::int64_t bottom, job* last) noexcept {
    // Store, then load: either a thief sees the lower bottom_, or we see its higher top_.
    std::int64_t top;
    if (fence_ != nullptr) [[likely]] {
      bottom_->store(bottom, std::memory_order_relaxed);
      asm volatile("" ::: "memory");  // for the compiler; for the processor there is the thief's fence
      WEFT_CHAOS(yield);
      top = top_->load(std::memory_order_relaxed);
    } else {
      bottom_->store(bottom, std::memory_order_seq_cst);
      WEFT_CHAOS(yield);
      top = top_->load(std::memory_order_seq_cst);
    }
    if (top < bottom) [[likely]]
      return last;
    // The last one: race the thieves for it. Or none: they were faster.
    if (top > bottom ||
        !top_->compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) {
      last = nullptr;
    }
    bottom_->store(bottom + 1,
                   std::memory_order_release);  // release: a thief that reads this must see the slots
    return last;
  }

  WEFT_COLD void grow(std::int64_t top, std::int64_t bottom) {
    auto* larger = new ring(static_cast<std::size_t>(owned_->size()) * 2, owned_);
    for (std::int64_t i = top; i < bottom; ++i) {
      larger->slot(i).store(owned_->slot(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    owned_ = larger;
    WEFT_CHAOS(yield);
    ring_.store(larger, std::memory_order_release);  // pairs with steal(): publishes the copied slots
  }

  // Moved up by thieves, and by the owner when it takes the last item.
  padded<atomic<std::int64_t>> top_{0};
  // Written by the owner, read by thieves.
  padded<atomic<std::int64_t>> bottom_{0};
  const fence_fn fence_;         // the heavy half of the fence, on the thief's side
  ring* owned_;                  // the owner's copy of ring_
  atomic<ring*> ring_{nullptr};  // written by the owner in grow(), read by thieves
};

}  // namespace weft::inline WEFT_ABI::rt
