// Forked children, last in first out: the owner pushes and pops at the bottom, thieves take from the top.
//
// The protocol of Frigo, Leiserson and Randall ("The implementation of the Cilk-5 multithreaded language", PLDI 1998,
// "THE"): a thief first moves top up over what it wants, then looks whether the owner was faster. Thieves exclude each
// other. Ours differs in three things. The fence between the thief's two steps is the heavy half of a pair whose light
// half, on the owner's side, costs nothing (decision 0026). As that fence is dear, a thief takes several items from a
// long queue. And the owner takes the thieves' lock in pop_for_sure() alone (decision 0032).
//
// Invariant 1: an item stands in [top, bottom_) until somebody takes it. The owner takes one only after it has seen,
// with bottom_ lowered to it, that top has not passed it; a thief only what it has found below bottom_ after its fence.
// Invariant 2: only the owner writes bottom_, the slots and ring_; only the holder of the lock writes top and left.
// Invariant 3: no slot is used again before left has passed it: a thief has read it. A ring that was outgrown lives until
// the queue dies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
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
      : fence_(for_all_threads), owned_(new ring(capacity, nullptr)), owned_slots_(*owned_) {
    ring_.store(owned_, std::memory_order_relaxed);  // no other thread knows of us yet
    room_until_ = owned_->size();
  }
  fork_queue(const fork_queue&) = delete;
  fork_queue& operator=(const fork_queue&) = delete;
  ~fork_queue() { delete owned_; }

  // Owner. Items that are pushed together: thieves see all of them, or none.
  class row {
   public:
    explicit row(fork_queue& to) noexcept
        : to_(to), end_(to.bottom_->load(std::memory_order_relaxed)) {}  // ours

    // To be asked before the first is added. False: make_room() first.
    [[nodiscard]] bool has_room_for(std::int64_t items) const noexcept {
      return end_ + items <= to_.room_until_;
    }
    void add(job& forked) noexcept {
      WEFT_DCHECK(end_ < to_.room_until_, "nobody has asked whether there is room");
      to_.owned_slots_[end_++].store(&forked, std::memory_order_relaxed);  // ordered by bottom_, in publish()
    }
    // And what was written before.
    void publish() noexcept {
      WEFT_CHAOS(yield);
      to_.bottom_->store(end_, std::memory_order_release);  // pairs with claim(): load of bottom_
    }

   private:
    fork_queue& to_;
    std::int64_t end_;
  };

  // Owner. For so many items more: pushing them does not throw. Throws std::bad_alloc.
  WEFT_COLD void make_room(std::int64_t items) {
    while (find_room() < items) grow();
  }

  // Owner. Publishes the item, and what was written before, to thieves. Throws std::bad_alloc when it must
  // grow.
  void push(job& forked) {
    row one(*this);
    if (!one.has_room_for(1)) [[unlikely]]
      make_room(1);
    one.add(forked);
    one.publish();
  }

  // Owner. Makes room for one more item: the next push() does not throw. Throws std::bad_alloc.
  void reserve() {
    if (!row(*this).has_room_for(1)) [[unlikely]]
      make_room(1);
  }

  // Owner. The item pushed last, or null: when there is none, when a thief was faster, and also when one is at it that
  // may find us faster and leave it here.
  [[nodiscard]] job* pop() noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    // A cheap look first: an empty queue costs no locked instruction.
    if (thieves_->top.load(std::memory_order_relaxed) > bottom) return nullptr;
    return take(bottom, owned_slots_[bottom].load(std::memory_order_relaxed));
  }

  // Owner. pop(), and null means that nothing is here and nothing comes back: for who would otherwise wait for it, or
  // leave the queue. Waits for a thief that is at it, and costs a locked instruction when pop() gives nothing.
  [[nodiscard]] job* pop_for_sure() noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    job* const found = take(bottom, owned_slots_[bottom].load(std::memory_order_relaxed));
    return found != nullptr ? found : pop_in_turn();
  }

  // Owner. pop(), if the item stands in [begin, end); null otherwise. Items that are gone already are compared, not
  // followed.
  [[nodiscard]] job* pop_within(const void* begin, const void* end) noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    // What is left of an item that was taken may be read here; then take() finds the queue empty.
    job* const last = owned_slots_[bottom].load(std::memory_order_relaxed);
    if (last < begin || last >= end) return nullptr;
    return take(bottom, last);
  }

  // Any thread. The oldest item, or null when there is none or another thief is at it.
  [[nodiscard]] job* steal() noexcept { return steal_above(0); }

  // The owner of `own`, another queue. The same, and from a long queue some more of the oldest, which go to `own`.
  [[nodiscard]] job* steal_into(fork_queue& own) noexcept {
    job* oldest = nullptr;
    take_oldest(0, 1 + own.find_room(), [&](job& each) {
      if (oldest == nullptr) {
        oldest = &each;
      } else {
        own.push(each);  // there is room
      }
    });
    return oldest;
  }

  // Owner. Where the next item will stand: all that is pushed from now on, and not popped, stands there or above.
  [[nodiscard]] std::int64_t mark() const noexcept { return bottom_->load(std::memory_order_relaxed); }

  // Any thread. steal(), if the oldest item stands at `mark` or above; null otherwise.
  [[nodiscard]] job* steal_above(std::int64_t mark) noexcept {
    job* oldest = nullptr;
    take_oldest(mark, 1, [&](job& each) { oldest = &each; });
    return oldest;
  }

  // Any thread; hints.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::int64_t top = thieves_->top.load(std::memory_order_acquire);
    const std::int64_t bottom = bottom_->load(std::memory_order_acquire);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }
  [[nodiscard]] bool empty() const noexcept {
    return thieves_->top.load(std::memory_order_acquire) >= bottom_->load(std::memory_order_acquire);
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

  // The slots of a ring, one step nearer.
  struct ring_view {
    explicit ring_view(const ring& of) noexcept : mask(of.mask), slots(of.slots) {}
    [[nodiscard]] atomic<job*>& operator[](std::int64_t index) const noexcept { return slots[index & mask]; }

    std::int64_t mask;
    atomic<job*>* slots;
  };

  // How many items a thief takes at once of a queue so long. One of a short one: where forks nest, each is larger than
  // all that are younger.
  static constexpr std::int64_t share_of(std::int64_t size) noexcept {
    return WEFT_MODEL ? size : std::clamp(size / 8, std::int64_t{1}, std::int64_t{32});
  }

  // Owner. Looks how many items can be pushed before the ring is full.
  [[nodiscard]] std::int64_t find_room() noexcept {
    // Acquire: a thief has read the slots below.
    const std::int64_t left = thieves_->left.load(std::memory_order_acquire);
    room_until_ = left + owned_->size();
    return room_until_ - bottom_->load(std::memory_order_relaxed);  // ours
  }

  // Owner. Takes `last`, which was read from the slot at `bottom`, if no thief has.
  [[nodiscard]] job* take(std::int64_t bottom, job* last) noexcept {
    // Store, then load: either a thief sees the lower bottom_, or we see its higher top.
    std::int64_t top;
    if (fence_ != nullptr) [[likely]] {
      bottom_->store(bottom, std::memory_order_relaxed);
      asm volatile("" ::: "memory");  // for the compiler; for the processor there is the thief's fence
      WEFT_CHAOS(yield);
      top = thieves_->top.load(std::memory_order_relaxed);
    } else {
      bottom_->store(bottom, std::memory_order_seq_cst);
      WEFT_CHAOS(yield);
      top = thieves_->top.load(std::memory_order_seq_cst);
    }
    if (top <= bottom) [[likely]]
      return last;
    bottom_->store(bottom + 1, std::memory_order_release);  // a thief that reads this must see the slots
    return nullptr;
  }

  WEFT_COLD job* pop_in_turn() noexcept {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed) - 1;  // ours
    for (backoff pause; thieves_->is_locked.exchange(true, std::memory_order_acquire);) pause.pause();
    job* last = nullptr;
    if (thieves_->top.load(std::memory_order_relaxed) <= bottom) {  // nobody else writes it now
      last = owned_slots_[bottom].load(std::memory_order_relaxed);
      bottom_->store(bottom, std::memory_order_relaxed);  // published by the lock
    }
    thieves_->is_locked.store(false, std::memory_order_release);
    return last;
  }

  // Any thread. Calls `take` with the oldest items, the oldest first: as many as there are for one thief, at most `most`,
  // and none unless the oldest stands at `mark` or above.
  template <class Take>
  void take_oldest(std::int64_t mark, std::int64_t most, Take take) noexcept {
    // Two looks that write nothing.
    if (empty() || thieves_->is_locked.load(std::memory_order_relaxed)) return;
    if (thieves_->is_locked.exchange(true, std::memory_order_acquire)) return;
    const std::int64_t top = thieves_->top.load(std::memory_order_relaxed);    // nobody else writes it now
    const std::int64_t size = bottom_->load(std::memory_order_relaxed) - top;  // a guess, until the fence
    if (size > 0 && top >= mark) {
      const std::int64_t wanted = top + std::min(share_of(size), most);
      const std::int64_t end = std::clamp(claim(wanted), top, wanted);
      if (end < wanted) thieves_->top.store(end, std::memory_order_relaxed);
      const ring* const current = ring_.load(std::memory_order_acquire);  // pairs with grow()
      for (std::int64_t i = top; i < end; ++i) {
        take(*current->slot(i).load(std::memory_order_relaxed));  // ordered by bottom_, in claim()
      }
      thieves_->left.store(end, std::memory_order_release);  // pairs with find_room(): we have read the slots
    }
    thieves_->is_locked.store(false, std::memory_order_release);
  }

  // The holder of the lock. Moves top up to `wanted`; where the items end: lower, if the owner was faster.
  [[nodiscard]] std::int64_t claim(std::int64_t wanted) noexcept {
    if (fence_ == nullptr) {
      thieves_->top.store(wanted, std::memory_order_seq_cst);
      WEFT_CHAOS(yield);
      return bottom_->load(std::memory_order_seq_cst);  // pairs with push(): release; after top: see take()
    }
    thieves_->top.store(wanted, std::memory_order_relaxed);
    fence_();
    WEFT_CHAOS(yield);
    return bottom_->load(std::memory_order_acquire);  // pairs with push()
  }

  WEFT_COLD void grow() {
    const std::int64_t bottom = bottom_->load(std::memory_order_relaxed);  // ours
    // What is older is of no use to anybody. Relaxed: a copy too many does no harm.
    const std::int64_t left = thieves_->left.load(std::memory_order_relaxed);
    auto* larger = new ring(static_cast<std::size_t>(owned_->size()) * 2, owned_);
    for (std::int64_t i = left; i < bottom; ++i) {
      larger->slot(i).store(owned_->slot(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    owned_ = larger;
    owned_slots_ = ring_view(*larger);
    WEFT_CHAOS(yield);
    ring_.store(larger, std::memory_order_release);  // pairs with take_oldest(): publishes the copied slots
  }

  // Written by the holder of the lock, all three.
  struct thieves_side {
    atomic<std::int64_t> top{0};    // moved up, and back when the owner was faster
    atomic<std::int64_t> left{0};   // read by the owner
    atomic<bool> is_locked{false};  // a thief is at work, or the owner in pop_for_sure()
  };
  padded<thieves_side> thieves_;
  // Written by the owner, read by thieves.
  padded<atomic<std::int64_t>> bottom_{0};
  const fence_fn fence_;         // the heavy half of the fence, on the thief's side
  ring* owned_;                  // the owner's copy of ring_; this and the next two: the owner's
  ring_view owned_slots_;        // of owned_
  std::int64_t room_until_ = 0;  // items below this fit, as the owner saw when it looked last
  atomic<ring*> ring_{nullptr};  // written by the owner in grow(), read by thieves
};

}  // namespace weft::inline WEFT_ABI::rt
