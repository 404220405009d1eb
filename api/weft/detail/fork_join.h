// The part of when_all, when_any and their like that does not know how the children are stored: offering
// them, going from one to the next, and stopping the others once one child's end decides.
//
// A join that nobody else touches costs no atomic read-modify-write. The worker that forks goes through the children
// one after the other: the row. Each that ends takes the next one from the top of the queue. A child that is found by
// anybody else, the worker's own loop included, is taken: it ends otherwise, by counting down a word that all share. The
// row knows how many of its own have ended, so at its end, where no sibling is left on top, it knows how many were taken,
// and brings the word down to those that still run. Who brings it to zero goes on with the parent.
//
// The row may wait, and go on on another worker: what it has counted goes with it.
//
// A stop comes down from above only where somebody waits. So the parent is not armed and its children are unlinked (see
// scope.h) until one of them waits for something, is taken or looks; and forking looks when stops were missed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "weft/detail/join.h"
#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::detail {

class fork_join : public join {
 public:
  // `Rule::decides(finished)` says whether this child's end makes the others superfluous; `Rule::goes_on(decider,
  // any_stopped)` whether the parent is resumed at the end of all, or unwound.
  template <class Rule, class T>
  struct child : child_scope<T> {
    using child_scope<T>::child_scope;
    child() noexcept {}
    child(child&& other) noexcept : child_scope<T>(std::move(other)) {}

    void begin_in(fork_join& all, const rt::context& inherited) noexcept {
      this->begin_unlinked(*this->root, inherited, all, &on_end_in_row);
      this->run = &taken_job;
    }

   private:
    // Found in a queue by somebody else than the row.
    static void taken_job(rt::job& self, rt::turn& now) noexcept {
      static_cast<child&>(self).end = &on_end_of_taken;
      rt::scope::start_job(self, now);
    }
    static std::coroutine_handle<> on_end_of_taken(rt::scope& self, rt::turn& now, rt::ending how) noexcept {
      auto& one = static_cast<child&>(self);
      auto& all = static_cast<fork_join&>(*one.joined);
      if (one.matters(how)) [[unlikely]]
        all.note(one, how);
      return or_noop(all.arrive(now));
    }
    static std::coroutine_handle<> on_end_in_row(rt::scope& self, rt::turn& now, rt::ending how) noexcept {
      auto& one = static_cast<child&>(self);
      auto& all = static_cast<fork_join&>(*one.joined);
      if (one.matters(how)) [[unlikely]]
        return all.template go_on_and_note<Rule>(one, now, how);
      return all.template go_on_in_row<Rule>(now);
    }
    // Whether this end is more than one less.
    [[nodiscard]] bool matters(rt::ending how) noexcept {
      return how == rt::ending::stopped || Rule::decides(*this);
    }
  };

 protected:
  using join::join;

  // The children stand in one block of memory, and there is one at least. Offers all but the first, and enters that
  // one. `children` has begin() and end() of the block, size(), first(), and each_backwards().
  //
  // This and the way through the row call nothing but what they end with, so that compilers need save no registers.
  template <class Children>
  std::coroutine_handle<> fork(rt::frame& leaf, Children& children) noexcept {
    rt::turn& now = rt::this_turn();
    rt::fork_queue::row offered(*now.forks);
    const std::size_t count = children.size();
    if (!leaf.home().has_missed_no_stop(now) || !offered.has_room_for(static_cast<std::int64_t>(count)))
        [[unlikely]] {
      return fork_with_care(leaf, now, children);
    }
    return fork_all(leaf, now, children, count, offered);
  }

  // After all have arrived: the child whose end decided, the first one in time; or null.
  [[nodiscard]] rt::scope* decider() const noexcept {
    return decider_.load(std::memory_order_relaxed);  // ordered by the arrivals
  }
  template <class Rule>
  static bool settle_by(join& self) noexcept {
    auto& all = static_cast<fork_join&>(self);
    return Rule::goes_on(all.decider(), all.any_stopped_.load(std::memory_order_relaxed));  // as decider()
  }

  // For reports.
  [[nodiscard]] std::size_t still_running() const noexcept {
    const std::size_t counted = pending();
    return counted <= row_is_on / 2 ? counted : count_ - ended_in_row_ - (row_is_on - counted);
  }

 private:
  // In the shared word while the row goes on: more than any number of children.
  static constexpr std::size_t row_is_on = std::numeric_limits<std::size_t>::max() / 2 + 1;

  template <class Children>
  std::coroutine_handle<> fork_all(rt::frame& leaf, rt::turn& now, Children& children, std::size_t count,
                                   rt::fork_queue::row& offered) noexcept {
    const rt::context& inherited = leaf.home().inherited();
    begin_ = children.begin();
    end_ = children.end();
    count_ = count;
    expect(leaf, row_is_on);
    rt::scope& first = children.first();
    // Backwards, so that our own worker takes the second child next, and thieves take the last one first.
    children.each_backwards([&](auto& one) {
      one.begin_in(*this, inherited);
      if (&one != &first) offered.add(one);
    });
    offered.publish();
    now.forked.add(count - 1);
    WEFT_CHAOS(late_wake);
    if (count > 1 && now.is_anybody_to_be_woken()) [[unlikely]]
      return offer_and_enter(first, now);
    return rt::enter(*first.root, now);
  }

  template <class Children>
  WEFT_COLD std::coroutine_handle<> fork_with_care(rt::frame& leaf, rt::turn& now,
                                                   Children& children) noexcept {
    if (leaf.home().look_for_missed_stop(now)) {
      stop_at(leaf, now);
      return std::noop_coroutine();
    }
    // Out of memory here ends the program: what awaits cannot tell of it.
    now.forks->make_room(static_cast<std::int64_t>(children.size()));
    rt::fork_queue::row offered(*now.forks);
    return fork_all(leaf, now, children, children.size(), offered);
  }
  WEFT_COLD static std::coroutine_handle<> offer_and_enter(rt::scope& first, rt::turn& now) noexcept {
    first.home().offer_forked();
    return rt::enter(*first.root, now);
  }

  // A child was stopped, or decides.
  WEFT_COLD void note(rt::scope& ended, rt::ending how) noexcept {
    if (how == rt::ending::stopped) {
      any_stopped_.store(true, std::memory_order_relaxed);  // ordered by the arrivals
    } else {
      decide(ended);
    }
  }
  template <class Rule>
  WEFT_COLD std::coroutine_handle<> go_on_and_note(rt::scope& ended, rt::turn& now, rt::ending how) noexcept {
    note(ended, how);
    return go_on_in_row<Rule>(now);
  }

  // By this end the others are superfluous.
  void decide(rt::scope& ended) noexcept {
    rt::scope* nobody = nullptr;
    if (!decider_.compare_exchange_strong(nobody, &ended, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
      return;
    }
    rt::job_list ready;
    stop_children(ready);
    WEFT_CHAOS(yield);
    waiter->home().submit(ready);
  }

  // A child of the row has ended: on to a sibling that nobody has taken yet, or to the parent.
  template <class Rule>
  std::coroutine_handle<> go_on_in_row(rt::turn& now) noexcept {
    if (++ended_in_row_ == count_) [[likely]]
      return this->complete_unarmed<&settle_by<Rule>>(now);
    if (WEFT_CHAOS(cut_short)) return leave_row(now);
    rt::job* const sibling = now.forks->pop_within(begin_, end_);
    if (sibling == nullptr) [[unlikely]]
      return leave_row(now);
    auto& next = static_cast<rt::scope&>(*sibling);
    if (next.is_stopping()) [[unlikely]]
      return leave_row_to(next, now);
    return rt::enter(*next.root, now);
  }
  // Others have the rest.
  WEFT_COLD std::coroutine_handle<> leave_row(rt::turn& now) noexcept {
    // SAFETY: the join may be gone once the others are told.
    const std::size_t told = row_is_on - (count_ - ended_in_row_);
    return or_noop(arrive(now, told));
  }
  WEFT_COLD std::coroutine_handle<> leave_row_to(rt::scope& stopping, rt::turn& now) noexcept {
    now.resume_first = &stopping;  // its job unwinds it, and counts it as taken
    return leave_row(now);
  }

  const void* begin_ = nullptr;
  const void* end_ = nullptr;
  std::size_t count_ = 0;
  std::size_t ended_in_row_ = 0;
  // Set once, by the first child whose end decides.
  rt::atomic<rt::scope*> decider_{nullptr};
  rt::atomic<bool> any_stopped_{false};
};

}  // namespace weft::inline WEFT_ABI::detail
