// Waiting for all of several scopes: the one mechanism under when_all, timeouts and groups.
//
// A join is what the parent's chain waits for. Its participants are its children (each a scope of its own)
// and whatever else must have ended before the parent may go on (a timer that may still fire). The last one
// to arrive completes it.
//
// Stop: the parent's stop is forwarded down by a job of the parent's own scope, so that a deep tree of joins
// is stopped without recursion. While that job is on its way the join stays alive: see scope.h, finish() and
// left(). The parent goes on when the last participant has arrived, and is resumed or unwound then, never
// before.
//
// Invariant: a child's record lives until the join is complete, so that stop_children() may touch all of
// them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include "weft/detail/promise.h"
#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::detail {

// A handle for await_suspend to return, which must not be null.
[[nodiscard]] inline std::coroutine_handle<> or_noop(std::coroutine_handle<> next) noexcept {
  if (next) return next;
  return std::noop_coroutine();
}

class join : public rt::leaf_op {
 public:
  join(const join&) = delete;
  join& operator=(const join&) = delete;

 protected:
  // Asks all children to stop. Called at most once by the parent's stop, and by the join's own reasons.
  using stop_fn = void (*)(join&, rt::job_list& ready) noexcept;
  // All have arrived: whether the parent is resumed (true) or unwound, because it was stopped.
  using settle_fn = bool (*)(join&) noexcept;

  // One static record a kind of join.
  struct join_kind : rt::leaf_kind {
    constexpr join_kind(const char* words, stop_fn on_stop, settle_fn on_settle, describe_fn on_describe,
                        children_fn on_children) noexcept
        : rt::leaf_kind{words, &forward, on_describe, on_children, &forward_late},
          stop_children(on_stop),
          settle(on_settle) {}
    stop_fn stop_children;
    settle_fn settle;
  };

  explicit join(const join_kind& is) noexcept : rt::leaf_op(is, nullptr) {}
  ~join() = default;

  // The parent, suspended at `leaf`, is about to wait for `participants`. False: it is stopping; start
  // nothing and return stop_at(leaf).
  [[nodiscard]] bool arm(rt::frame& leaf, std::size_t participants) noexcept {
    expect(leaf, participants);
    return waiter->arm(*this, leaf);
  }

  // The same, for a parent that is armed by a child that needs it: see scope::link_up().
  void expect(rt::frame& leaf, std::size_t participants) noexcept {
    waiter = &leaf.home();
    waiter->at = &leaf;
    leaf_ = &leaf;
    pending_.store(participants, std::memory_order_relaxed);  // published by whatever starts the participants
  }

  // One participant has ended. The last one gets the parent to enter; the others null, and the join may be
  // gone. Null, too, when the loop or the forwarding job takes over.
  [[nodiscard]] std::coroutine_handle<> arrive(rt::turn& now, std::size_t participants = 1) noexcept {
    // Release publishes the participant's outcome to the last one, which acquires all of them.
    WEFT_CHAOS(yield);
    if (pending_.fetch_sub(participants, std::memory_order_acq_rel) != participants) return nullptr;
    return complete(now);
  }

  // All have arrived.
  std::coroutine_handle<> complete(rt::turn& now) noexcept {
    WEFT_CHAOS(yield);
    if (waiter->is_armed_with(*this) && !waiter->finish()) return nullptr;  // the forwarding job goes on
    return go_on(now);
  }
  // The same for a parent that most often is not armed, and a kind that is known. A handle for await_suspend to return.
  template <settle_fn Settle>
  std::coroutine_handle<> complete_unarmed(rt::turn& now) noexcept {
    WEFT_CHAOS(yield);
    if (waiter->is_armed_with(*this) || !Settle(*this)) [[unlikely]]
      return complete_after_all(now);
    return rt::enter(*leaf_, now);
  }

  void stop_children(rt::job_list& ready) noexcept { kind().stop_children(*this, ready); }

  // For reports: participants that have not arrived.
  [[nodiscard]] std::size_t pending() const noexcept {
    return pending_.load(std::memory_order_relaxed);  // counted down by workers, and none runs
  }

 private:
  // SAFETY: the constructor takes nothing else.
  [[nodiscard]] const join_kind& kind() const noexcept { return static_cast<const join_kind&>(*what); }

  WEFT_COLD std::coroutine_handle<> complete_after_all(rt::turn& now) noexcept {
    return or_noop(complete(now));
  }

  std::coroutine_handle<> go_on(rt::turn& now) noexcept {
    rt::frame& leaf = *leaf_;
    if (kind().settle(*this)) return rt::enter(leaf, now);
    now.resume_first = &waiter->to_unwind(leaf);
    return nullptr;
  }

  static rt::cancel_outcome forward(rt::leaf_op& self, rt::job_list& ready) noexcept {
    self.waiter->run = &forward_job;
    ready.push_back(*self.waiter);
    return rt::cancel_outcome::forwarded;
  }

  static void forward_late(rt::leaf_op& self) noexcept {
    rt::engine& home = self.waiter->home();
    rt::job_list ready;
    static_cast<void>(forward(self, ready));
    home.submit(ready);
  }

  static void forward_job(rt::job& parent, rt::turn& now) noexcept {
    now.begin_without_frame();
    auto& waiting = static_cast<rt::scope&>(parent);
    auto& self = static_cast<join&>(waiting.armed_op());
    self.stop_children(now.later);
    WEFT_CHAOS(yield);
    if (!waiting.left()) return;
    if (const std::coroutine_handle<> parent_frame = self.go_on(now)) parent_frame.resume();
  }

  rt::frame* leaf_ = nullptr;
  // Counted down by the participants.
  rt::atomic<std::size_t> pending_{0};
};

// The parent is stopping, so the operation at `leaf` does not start. From inside await_suspend, where nothing
// may be destroyed: the loop unwinds.
inline void stop_at(rt::frame& leaf, rt::turn& now) noexcept {
  now.resume_first = &leaf.home().to_unwind(leaf);
}

// The chain at `leaf`, which is suspended, goes behind the ready tasks, where another worker may have it.
inline void give_way_at(rt::frame& leaf, rt::turn& now) noexcept {
  leaf.home().link_up();
  now.later.push_back(leaf.home().to_resume(leaf));
}

// A child of a join: a scope, and the coroutine that runs in it.
template <class T>
class child_scope : public rt::scope {
 public:
  // Not defaulted: value-initialisation would write zeros over all of it first.
  child_scope() noexcept {}
  explicit child_scope(promise<T>* coroutine) noexcept { root = coroutine; }
  // Before it has begun.
  child_scope(child_scope&& other) noexcept { root = std::exchange(other.root, nullptr); }
  ~child_scope() {
    if (root != nullptr) root->handle().destroy();
  }

  void adopt(promise<T>* coroutine) noexcept { root = coroutine; }

  // After its end: it was unwound before it could finish.
  [[nodiscard]] bool was_stopped() const noexcept { return root == nullptr; }
  [[nodiscard]] bool has_error() noexcept { return !was_stopped() && result().has_error(); }
  [[nodiscard]] result_slot<T>& result() noexcept { return static_cast<promise<T>*>(root)->result; }
};

}  // namespace weft::inline WEFT_ABI::detail
