// The life of a spawned task that has a handle: running, waited for, let go, done. Each transition returns
// what the caller owes.
//
//     running --wait--> waited --complete--> done          complete() owes the waiter its resumption
//        |                 |                   |
//        |              (give_up: running)  release() owes the destruction
//        +--complete--> done
//        +--release---> let go --complete--> (complete() owes the destruction)
//
// (A waiter that is stopped before it has come finds the word barred; see wait().)
// `done` is never left. The task and its handle are the only two parties; whoever comes last destroys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

struct scope;

class lifecycle {
 public:
  enum class duty : std::uint8_t { nothing, wake_waiter, destroy };
  struct completion {
    duty owed;
    scope* waiter;  // with wake_waiter
  };

  // The task has ended and its outcome is stored.
  [[nodiscard]] completion complete() noexcept {
    WEFT_CHAOS(yield);
    const std::uintptr_t before = word_.exchange(done, std::memory_order_acq_rel);  // publishes the outcome
    if (before == running || before == barred) return {duty::nothing, nullptr};
    if (before == let_go) return {duty::destroy, nullptr};
    return {duty::wake_waiter, reinterpret_cast<scope*>(before)};
  }

  // The handle is dropped.
  [[nodiscard]] duty release() noexcept {
    WEFT_CHAOS(yield);
    if (is_done()) return duty::destroy;
    std::uintptr_t before = running;
    if (word_.compare_exchange_strong(before, let_go, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return duty::nothing;
    }
    WEFT_CHECK(before == done, "a join_handle was destroyed while it was awaited");
    return duty::destroy;
  }

  enum class wait_outcome : std::uint8_t { waits, done, stopped };

  // `waiter` has armed and wants to be woken. With `waits` it may be gone already. With `stopped` its cancel
  // came first and is leaving: the caller unwinds the waiter, by scope::finish().
  [[nodiscard]] wait_outcome wait(scope& waiter) noexcept {
    WEFT_CHAOS(yield);
    std::uintptr_t before = running;
    if (word_.compare_exchange_strong(before, reinterpret_cast<std::uintptr_t>(&waiter),
                                      std::memory_order_acq_rel, std::memory_order_acquire)) {
      return wait_outcome::waits;
    }
    WEFT_CHAOS(yield);
    if (before == barred && word_.compare_exchange_strong(before, running, std::memory_order_acq_rel,
                                                          std::memory_order_acquire)) {
      return wait_outcome::stopped;
    }
    WEFT_CHECK(before == done, "a join_handle is awaited by one task at a time");
    return wait_outcome::done;
  }

  // The waiter was stopped. True: it was waiting and is no more. False: complete() has it, or it has not come
  // yet and will be told.
  [[nodiscard]] bool give_up(scope& waiter) noexcept {
    WEFT_CHAOS(yield);
    auto before = reinterpret_cast<std::uintptr_t>(&waiter);
    if (word_.compare_exchange_strong(before, running, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      return true;
    }
    if (before == running) {
      WEFT_CHAOS(yield);
      // Fails only if the task has completed meanwhile, or the waiter has come: then it waits, and we take it
      // back.
      if (word_.compare_exchange_strong(before, barred, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
        return false;
      }
      if (before == reinterpret_cast<std::uintptr_t>(&waiter)) {
        return word_.compare_exchange_strong(before, running, std::memory_order_acq_rel,
                                             std::memory_order_acquire);
      }
    }
    return false;
  }

  [[nodiscard]] bool is_done() const noexcept {
    return word_.load(std::memory_order_acquire) == done;  // pairs with complete(): the outcome
  }

 private:
  static constexpr std::uintptr_t running = 0, done = 1, let_go = 2, barred = 3;

  // Written by the task's end, by its handle, and by a canceller of the waiter.
  atomic<std::uintptr_t> word_{running};
};

}  // namespace weft::inline WEFT_ABI::rt
