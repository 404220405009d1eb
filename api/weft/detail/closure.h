// A closure on the caller's stack that others may take: what owner and thief say to each other.
//
// The owner offers it in its worker's fork queue, does something else, and then pops it back and calls it itself: no
// locked instruction, and `word_` is not looked at. A thief runs it as a job of its loop. The owner then waits, and
// meanwhile helps: it takes what the thief has forked inside this closure, and nothing else.
//
//     offered --begin--> taken <--help--> helped          the owner steals from the thief
//                        |   ^
//                        |   +--sleep, wake--> a sleeper's address
//                        +--end--> ended                  from the sleeper's address too, but not from `helped`
//
// Invariant: nothing but closures is pushed to a worker's fork queue while a closure, or a call that forks some, runs on
// it: coroutines push there when they suspend, and none is resumed on top of a closure. And each is gone from the queue
// when the call that pushed it returns. So the owner pops its own closure, or null.
// Invariant: while a closure is `taken`, what stands in its thief's queue at mark_ or above was forked inside it. It does
// not end while it is `helped`; so what the owner steals meanwhile is deeper than what it waits for, and never waits for
// anything further out on the owner's stack.
// Invariant: the closure may be gone once its word is `ended`; a sleeper, once the thief has left its lock.
//
// The waiting follows Wagner and Calder, "Leapfrogging: a portable technique for implementing efficient futures" (PPoPP
// 1993).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/check.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/job.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::detail {

[[noreturn]] WEFT_COLD void throw_no_worker(const char* asked);

// The calling worker's turn. Throws std::logic_error, which names `asked`, on other threads.
inline rt::turn& turn_for_closures(const char* asked) {
  rt::turn& now = rt::this_turn();
  if (now.forks == nullptr) [[unlikely]]
    throw_no_worker(asked);
  return now;
}

class closure : public rt::job {
 protected:
  // `when_taken` calls begin(), the function, and end().
  closure(run_fn when_taken, rt::turn& now) noexcept : of_(now.running) { run = when_taken; }
  closure(const closure&) = delete;
  closure& operator=(const closure&) = delete;
  ~closure() = default;

  // Owner. Throws std::bad_alloc, and has then done nothing.
  void offer(rt::turn& now) {
    now.forks->push(*this);
    now.forked.add();
    if (now.is_anybody_to_be_woken()) [[unlikely]]
      wake_somebody(now);
  }

  // Owner, the closure offered last. True: nobody has taken it, and nobody will.
  [[nodiscard]] bool take_back(rt::turn& now) noexcept {
    const rt::job* const found = now.forks->pop_for_sure();
    WEFT_DCHECK(found == nullptr || found == this, "only closures stand above a closure in the fork queue");
    return found != nullptr;
  }

  // Owner, when it was taken: returns when it has ended. Blocks.
  void wait_and_help(rt::turn& now) noexcept;
  // The same without helping.
  void wait() noexcept;

  // Thief, around the function.
  rt::frame* begin(rt::turn& now) noexcept;
  // The closure may be gone afterwards.
  void end(rt::turn& now, rt::frame* before) noexcept;

 private:
  struct sleeper;

  static constexpr std::uintptr_t offered = 0, taken = 1, helped = 2, ended = 3;

  WEFT_COLD static void wake_somebody(rt::turn& now) noexcept;
  bool help(rt::turn& now) noexcept;
  bool sleep(std::int64_t at_most_ns) noexcept;
  template <class Help>
  void wait_for_end(Help help_once) noexcept;

  // The coroutine that all this is done for: closures ask it for stops.
  rt::frame* const of_;
  // Thief and owner, see above. `taken` publishes the two below, `ended` what the function has done.
  rt::atomic<std::uintptr_t> word_{offered};
  rt::fork_queue* thief_;  // both set by begin()
  std::int64_t mark_;
};

}  // namespace weft::inline WEFT_ABI::detail
