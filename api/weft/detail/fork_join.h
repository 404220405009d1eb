// The part of when_all, when_any and their like that does not know how the children are stored: offering
// them, going from one to the next, and stopping the others once one child's end decides.
//
// A join that nobody else touches costs no atomic read-modify-write. The worker that forks goes through the children
// one after the other: the row. Each that ends takes the next one from the top of the queue. A child that is found by
// anybody else, the worker's own loop included, is taken: it is counted down in a word that all share. The row knows how
// many of its own have ended, so at its end, where no sibling is left on top, it knows how many were taken, and brings
// the word down to those that still run. Who brings it to zero goes on with the parent.
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
  // `Rule::decides(ended)` says whether this child's end makes the others superfluous.
  template <class Rule, class T>
  struct child : child_scope<T> {
    using child_scope<T>::child_scope;
    child() noexcept {}
    child(child&& other) noexcept : child_scope<T>(std::move(other)) {}

    // Found in a queue by somebody else than the row.
    bool is_taken = false;

    void begin_in(fork_join& all, const rt::context& inherited) noexcept {
      this->begin_unlinked(*this->root, inherited, all, &on_end);
      this->run = &taken_job;
    }
    static void taken_job(rt::job& self, rt::turn& now) noexcept {
      static_cast<child&>(self).is_taken = true;
      rt::scope::start_job(self, now);
    }
    static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
      auto& one = static_cast<child&>(self);
      auto& all = static_cast<fork_join&>(*one.joined);
      if (Rule::decides(one)) [[unlikely]]
        all.decide(one);
      return one.is_taken ? or_noop(all.arrive(now)) : all.go_on_in_row(now);
    }
  };

 protected:
  using join::join;

  // The children stand in one block of memory, and there is one at least. Offers all but the first, and enters that
  // one. `children` has begin() and end() of the block, size(), first(), and each_backwards().
  template <class Children>
  std::coroutine_handle<> fork(rt::frame& leaf, Children& children) noexcept {
    rt::turn& now = rt::this_turn();
    rt::scope& parent = leaf.home();
    if (parent.look_for_missed_stop(now)) [[unlikely]] {
      stop_at(leaf, now);
      return std::noop_coroutine();
    }
    const std::size_t count = children.size();
    const rt::context& inherited = parent.inherited();
    begin_ = children.begin();
    end_ = children.end();
    count_ = count;
    expect(leaf, row_is_on);
    rt::scope& first = children.first();
    rt::fork_queue::row offered(*now.forks, static_cast<std::int64_t>(count));
    // Backwards, so that our own worker takes the second child next, and thieves take the last one first.
    children.each_backwards([&](auto& one) {
      one.begin_in(*this, inherited);
      if (&one != &first) offered.add(one);
    });
    offered.publish();
    now.forked.add(count - 1);
    WEFT_CHAOS(late_wake);
    if (count > 1 && now.is_anybody_to_be_woken()) [[unlikely]]
      parent.home().offer_forked();
    return rt::enter(*first.root, now);
  }

  // After all have arrived: the child whose end decided, the first one in time; or null.
  [[nodiscard]] rt::scope* decider() const noexcept {
    return decider_.load(std::memory_order_relaxed);  // ordered by the arrivals
  }

  // For reports.
  [[nodiscard]] std::size_t still_running() const noexcept {
    const std::size_t counted = pending();
    return counted <= row_is_on / 2 ? counted : count_ - ended_in_row_ - (row_is_on - counted);
  }

 private:
  // In the shared word while the row goes on: more than any number of children.
  static constexpr std::size_t row_is_on = std::numeric_limits<std::size_t>::max() / 2 + 1;

  // By this end the others are superfluous.
  WEFT_COLD void decide(rt::scope& ended) noexcept {
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
  std::coroutine_handle<> go_on_in_row(rt::turn& now) noexcept {
    if (++ended_in_row_ == count_) [[likely]]
      return or_noop(complete(now));
    if (WEFT_CHAOS(cut_short)) return or_noop(arrive(now, row_is_on - (count_ - ended_in_row_)));
    if (rt::job* const sibling = now.forks->pop_within(begin_, end_)) [[likely]] {
      auto& next = static_cast<rt::scope&>(*sibling);
      if (!next.is_stopping()) [[likely]]
        return rt::enter(*next.root, now);
      now.resume_first = sibling;  // its job unwinds it, and counts it as taken
    }
    // SAFETY: the join may be gone once the others are told.
    const std::size_t told = row_is_on - (count_ - ended_in_row_);
    return or_noop(arrive(now, told));
  }

  const void* begin_ = nullptr;
  const void* end_ = nullptr;
  std::size_t count_ = 0;
  std::size_t ended_in_row_ = 0;
  // Set once, by the first child whose end decides.
  rt::atomic<rt::scope*> decider_{nullptr};
};

}  // namespace weft::inline WEFT_ABI::detail
