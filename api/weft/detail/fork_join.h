// The part of when_all, when_any and their like that does not know how the children are stored: offering
// them, going from one to the next, and stopping the others once one child's end decides.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>

#include "weft/detail/join.h"
#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::detail {

class fork_join : public join {
 public:
  // `Rule::decides(ended)` says whether this child's end makes the others superfluous.
  template <class Rule, class T>
  struct child : child_scope<T> {
    fork_join* joined = nullptr;

    void begin_in(fork_join& all, rt::frame& leaf) noexcept {
      joined = &all;
      this->begin(*this->root, leaf.home().inherited(), &leaf.home(), &on_end);
    }
    static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
      auto& one = static_cast<child&>(self);
      return one.joined->child_ended(now, Rule::decides(one) ? &self : nullptr);
    }
  };

 protected:
  using join::join;

  // The children stand in one block of memory, [begin, end), and have begun. Offers all but `first`, and
  // enters that one. `for_each_backwards` calls what it is given with each child, the last one first.
  template <class ForEach>
  std::coroutine_handle<> fork(rt::frame& leaf, const void* begin, const void* end, std::size_t count,
                               rt::scope& first, ForEach for_each_backwards) noexcept {
    rt::turn& now = rt::this_turn();
    begin_ = begin;
    end_ = end;
    if (!arm(leaf, count)) {
      stop_at(leaf, now);
      return std::noop_coroutine();
    }
    rt::engine& home = leaf.home().home();
    // Backwards, so that our own worker takes the second child next, and thieves take the last one first.
    for_each_backwards([&](rt::scope& one) {
      if (&one != &first) home.fork(one);
    });
    WEFT_CHAOS(late_wake);
    if (count > 1) home.offer_forked();
    return rt::enter(*first.root, now);
  }

  // A child has ended, `decider` if by that the others are superfluous: on to a sibling that nobody has taken
  // yet, or to the parent.
  std::coroutine_handle<> child_ended(rt::turn& now, rt::scope* decider) noexcept {
    rt::scope* nobody = nullptr;
    if (decider != nullptr && decider_.compare_exchange_strong(nobody, decider, std::memory_order_acq_rel,
                                                               std::memory_order_relaxed)) {
      rt::job_list ready;
      stop_children(ready);
      WEFT_CHAOS(yield);
      waiter->home().submit(ready);
    }
    const void* const begin = begin_;
    const void* const end = end_;
    if (const std::coroutine_handle<> parent = arrive(now)) return parent;
    // SAFETY: the join may be gone now. Then no sibling of ours is left in our own queue, where only we push;
    // and pointers are compared, not followed, until pop() has made the sibling ours.
    if (WEFT_CHAOS(cut_short)) return std::noop_coroutine();
    const void* const top = now.forks->peek();
    if (top == nullptr || top < begin || top >= end) return std::noop_coroutine();
    rt::job* const sibling = now.forks->pop();
    if (sibling == nullptr) return std::noop_coroutine();  // a thief was faster
    auto& taken = static_cast<rt::scope&>(*sibling);
    if (taken.is_stopping()) {
      now.resume_first = sibling;  // its job unwinds it
      return std::noop_coroutine();
    }
    return rt::enter(*taken.root, now);
  }

  // After all have arrived: the child whose end decided, the first one in time; or null.
  [[nodiscard]] rt::scope* decider() const noexcept {
    return decider_.load(std::memory_order_relaxed);  // ordered by the arrivals
  }

 private:
  const void* begin_ = nullptr;
  const void* end_ = nullptr;
  // Set once, by the first child whose end decides.
  rt::atomic<rt::scope*> decider_{nullptr};
};

}  // namespace weft::inline WEFT_ABI::detail
