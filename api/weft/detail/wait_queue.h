// Tasks that wait in a row, first in, first out: under every primitive that hands something over.
//
// The queue lends the waiting scopes' own links: nothing is allocated. Its lock guards the primitive's state
// too. Jobs are handed out after unlocking, each to its own home engine: waiters may belong to several
// runtimes.
//
// A waiter that is stopped leaves the queue (it loses its place, nothing else), unless it was granted what it
// waits for: then it resumes with it. A stop that comes before the waiter has reached the queue bars it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/detail/join.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/intrusive_list.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::detail {

class wait_queue;

// One place in a queue. Lives in the awaiter. All but leaf_op: guarded by the queue's lock.
struct wait_op : rt::leaf_op {
  wait_op(const rt::leaf_kind& is, wait_queue& in) noexcept : rt::leaf_op(is, nullptr), queue(in) {}

  enum class place : std::uint8_t { outside, queued, granted, barred };

  static rt::cancel_outcome cancel_wait(rt::leaf_op& self, rt::job_list& ready) noexcept;

  wait_queue& queue;
  place now = place::outside;
};

class wait_queue {
 public:
  wait_queue() = default;
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;
  ~wait_queue() { WEFT_CHECK(waiting_.empty(), "a primitive is destroyed while tasks wait for it"); }

  rt::mutex lock;

  // --- all of these want `lock` held
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

  // False: barred, a stop was faster.
  [[nodiscard]] bool enqueue(wait_op& op) noexcept {
    if (op.now == wait_op::place::barred) return false;
    op.now = wait_op::place::queued;
    waiting_.push_back(*op.waiter);
    return true;
  }

  // The first in the row has what it waits for. The caller unlocks, then delivers it.
  [[nodiscard]] rt::scope* grant_first() noexcept {
    rt::job* const first = waiting_.pop_front();
    if (first == nullptr) return nullptr;
    auto& waiter = static_cast<rt::scope&>(*first);
    static_cast<wait_op&>(waiter.armed_op()).now = wait_op::place::granted;
    return &waiter;
  }

  // --- without the lock
  static void deliver(rt::scope& granted) noexcept {
    WEFT_CHAOS(yield);
    if (granted.finish()) granted.home().submit(granted);
  }

 private:
  friend wait_op;
  rt::intrusive_list<rt::job> waiting_;
};

inline rt::cancel_outcome wait_op::cancel_wait(rt::leaf_op& self, rt::job_list&) noexcept {
  auto& op = static_cast<wait_op&>(self);
  WEFT_CHAOS(yield);
  const rt::lock_guard<rt::mutex> guard(op.queue.lock);
  switch (op.now) {
    case place::queued:
      op.queue.waiting_.remove(*op.waiter);
      return rt::cancel_outcome::taken;
    case place::outside:
      op.now = place::barred;
      return rt::cancel_outcome::completing;
    default:
      return rt::cancel_outcome::completing;
  }
}

}  // namespace weft::inline WEFT_ABI::detail
