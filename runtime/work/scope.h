// One chain of awaits, from a root frame to the leaf where it waits: what can be stopped, resumed and
// unwound.
//
// Every spawned task, child of a join and timeout is a scope. At most one of its frames runs or waits
// at any time, so one job is enough: it is lent to whatever the chain waits for.
//
// The leaf word decides between completion and stop. It holds the operation that the chain waits for:
//
//     none --arm--> op --finish--> none          the completer hands the job out
//                    |
//                   stop --> op+stopping         op->cancel() says who hands it out:
//                               taken            the canceller: nothing will complete any more; unwind
//                               completing       whoever of finish() and left() comes last; resume
//                               forwarded        a join: its children are asked first, by this scope's job
//
// `stopping` is never left: every later arm() fails, so a stop is level-triggered. The order of arming: the
// operation is initialised, then the word, then the kernel or the queue. Publishing it there is the last
// thing that the arming thread does: the chain may be resumed, and gone, at once. So a cancel that comes
// between the word and the queue leaves a mark in the queue (under its lock, or in its word), answers
// `completing`, and the arming thread, which finds the mark instead of publishing, does to_unwind() and
// finish().
//
// Unwinding destroys the frames innermost first, from a worker's loop, without recursion and without an
// exception; each owner's handle is cut before its frame dies. It gives way to other jobs once in a while.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/job.h"
#include "weft/rt/work/job_list.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

class engine;

// What a chain of awaits inherits. Shared by pointer; copied when something is to differ.
struct context {
  engine* home = nullptr;
};

enum class cancel_outcome : std::uint8_t { taken, completing, forwarded };

// Something that a chain waits for: a timer, a socket, a place in a queue, a join. Lives in the awaiter.
struct leaf_op {
  // Called at most once, by the thread that asks to stop, while the operation is armed. It may run at the
  // same time as completion, and before the operation has reached its queue; the operation's own lock
  // decides. After `taken` or `forwarded` the operation may be gone.
  using cancel_fn = cancel_outcome (*)(leaf_op&, job_list& ready) noexcept;

  leaf_op(cancel_fn on_cancel, scope* in) noexcept : cancel(on_cancel), waiter(in) {}

  cancel_fn cancel;
  scope* waiter;
};

enum class ending : std::uint8_t { finished, stopped };

struct scope : job {
  // The chain has ended: the root frame is at its final suspension (finished) or destroyed (stopped). Called
  // on a worker; returns what to enter next. The scope may be gone afterwards.
  using end_fn = std::coroutine_handle<> (*)(scope&, turn&, ending) noexcept;

  scope() noexcept = default;
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

  // `first` becomes the root. The job, when it is run, enters it (or ends at once, if a stop came before).
  void begin(frame& first, const context& inherited, scope* above, end_fn on_end) noexcept {
    first.root_in(*this);
    root = at = &first;
    context_ = &inherited;
    parent = above;
    end = on_end;
    run = &start_job;
  }

  [[nodiscard]] engine& home() const noexcept { return *context_->home; }
  [[nodiscard]] const context& inherited() const noexcept { return *context_; }
  [[nodiscard]] bool is_stopping() const noexcept {
    return (leaf_.load(std::memory_order_acquire) & stopping) != 0;  // pairs with stop()
  }

  // The chain, suspended at `leaf`, is about to wait for `op`. False: a stop was asked for; do not start it.
  [[nodiscard]] bool arm(leaf_op& op, frame& leaf) noexcept {
    at = &leaf;
    run = &resume_job;
    std::uintptr_t none = 0;
    // Release publishes op and `at` to stop(); a failure needs no order, the chain only unwinds itself.
    return leaf_.compare_exchange_strong(none, reinterpret_cast<std::uintptr_t>(&op),
                                         std::memory_order_acq_rel, std::memory_order_acquire);
  }

  // For what is no coroutine but stands in a roster like one: waits for `op` from now on, and then
  // `when_done` runs.
  [[nodiscard]] bool wait_for(leaf_op& op, const context& inherited, run_fn when_done) noexcept {
    context_ = &inherited;
    run = when_done;
    std::uintptr_t none = 0;
    return leaf_.compare_exchange_strong(none, reinterpret_cast<std::uintptr_t>(&op),
                                         std::memory_order_acq_rel, std::memory_order_acquire);
  }

  // The operation has completed (or will never start). True: the caller hands this job out, or goes on
  // itself. False: a canceller is at work and will.
  [[nodiscard]] bool finish() noexcept {
    std::uintptr_t armed =
        leaf_.load(std::memory_order_relaxed);  // ours alone to clear; only `stopping` can come
    if ((armed & stopping) == 0 &&
        leaf_.compare_exchange_strong(armed, 0, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return true;
    }
    // Pairs with left(): the second to come sees the first's bit, and everything before it.
    return (leaf_.fetch_or(completed, std::memory_order_acq_rel) & canceller_left) != 0;
  }

  // The other half of finish(), for a canceller that found the operation completing, or that has forwarded
  // the stop. True: the completer was here before; the caller hands this job out.
  [[nodiscard]] bool left() noexcept {
    return (leaf_.fetch_or(canceller_left, std::memory_order_acq_rel) & completed) != 0;
  }

  // Asks the chain to stop. Jobs to be run on its home engine are appended to `ready`. The caller keeps the
  // scope alive meanwhile. Any thread; idempotent; O(1): a join's children are asked by a job, not by
  // recursion.
  void stop(job_list& ready) noexcept;

  // The operation that the chain waits for (or waited for when the stop came).
  [[nodiscard]] leaf_op& armed_op() const noexcept {
    return *reinterpret_cast<leaf_op*>(leaf_.load(std::memory_order_acquire) & ~flags);
  }

  // The chain, suspended at `leaf`, is to be unwound by this scope's job. The caller hands it out.
  job& to_unwind(frame& leaf) noexcept {
    at = &leaf;
    run = &unwind_job;
    return *this;
  }
  // The same, to be resumed.
  job& to_resume(frame& leaf) noexcept {
    at = &leaf;
    run = &resume_job;
    return *this;
  }

  static void start_job(job& self, turn& now) noexcept;
  static void resume_job(job& self, turn& now) noexcept;
  static void unwind_job(job& self, turn& now) noexcept;

  frame* at = nullptr;    // where it waits: the innermost frame
  frame* root = nullptr;  // owned until it ends
  end_fn end = nullptr;
  scope* parent = nullptr;  // the scope whose join waits for this one; null for a spawned task
  const context* context_ = nullptr;

 private:
  static constexpr std::uintptr_t stopping = 1, completed = 2, canceller_left = 4, flags = 7;

  // Written by the chain (arm), by whoever completes its operation (finish) and by whoever stops it.
  atomic<std::uintptr_t> leaf_{0};
};

// Enters `next` by symmetric transfer, or through the loop once the transfer budget of this turn is spent.
[[nodiscard]] inline std::coroutine_handle<> enter(frame& next, turn& now) noexcept {
  if (++now.transfers < turn::transfer_budget) [[likely]]
    return next.handle();
  now.resume_first = &next.home().to_resume(next);
  return std::noop_coroutine();
}

// What a root's or a child's final suspension does: on to whoever waits.
[[nodiscard]] inline std::coroutine_handle<> leave(frame& done, turn& now) noexcept {
  if (done.is_root()) {
    scope& own = done.home();
    return own.end(own, now, ending::finished);
  }
  return enter(*done.awaiter().parent, now);
}

}  // namespace weft::inline WEFT_ABI::rt
