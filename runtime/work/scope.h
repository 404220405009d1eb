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
//                   stop --> op+stopping         its `cancel` says who hands it out:
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
// exception; each owner's handle is cut before its frame dies. It gives way to other jobs once in a while, and
// where a frame has left clean-up behind (scope_extras.h): `at` is then the next frame to destroy, or null after
// the root.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/job.h"
#include "weft/rt/work/job_list.h"
#include "weft/rt/work/leaf_kind.h"
#include "weft/rt/work/stop_callbacks.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

class engine;
struct exit_hook;
struct scope_extras;

// By when a chain is to have ended. Lives with whatever ends it then.
struct time_limit {
  // Written by who may move it, read by the chains below; publishes nothing.
  atomic<std::int64_t> due_ns;
  const time_limit* outer;
};

// What a chain of awaits inherits. Shared by pointer; copied when something is to differ.
struct context {
  engine* home = nullptr;
  const time_limit* limits = nullptr;  // the innermost
  // How many stops have not reached an operation at once, of all chains of the engine: these see by it that they had
  // better look. Null: nobody counts.
  atomic<std::uint64_t>* missed_stops = nullptr;
};

// Something that a chain waits for: a timer, a socket, a place in a queue, a join. Lives in the awaiter.
struct leaf_op {
  leaf_op(const leaf_kind& is, scope* in) noexcept : what(&is), waiter(in) {}

  const leaf_kind* what;  // does not change once it is armed
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
  ~scope() {
    // Whoever frees a scope is the last one to know of it.
    if (scope_extras* const more = extras_.load(std::memory_order_acquire))
        [[unlikely]]  // pairs with extras()
      drop_extras(*more, *this);
  }

  // `first` becomes the root. The job, when it is run, enters it (or ends at once, if a stop came before).
  void begin(frame& first, const context& inherited, leaf_op* above, end_fn on_end) noexcept {
    first.root_in(*this);
    root = at = &first;
    context_ = &inherited;
    joined = above;
    end = on_end;
    run = &start_job;
  }

  // The same for a child that is entered at once, in the worker's own hands: no stop can reach it from above until it
  // waits for something, is taken by another worker, or looks.
  void begin_unlinked(frame& first, const context& inherited, leaf_op& above, end_fn on_end) noexcept {
    begin(first, inherited, &above, on_end);
    leaf_.store(unlinked, std::memory_order_relaxed);  // nobody knows of us yet
  }

  [[nodiscard]] engine& home() const noexcept { return *context_->home; }
  [[nodiscard]] const context& inherited() const noexcept { return *context_; }
  [[nodiscard]] bool is_stopping() const noexcept {
    return (leaf_.load(std::memory_order_acquire) & stopping) != 0;  // pairs with stop()
  }

  // The same for the chain itself, which runs: asks all above too, from where the stop may still be on its way. O(depth)
  // when stops were missed since it looked last, else O(1).
  [[nodiscard]] bool look_for_stop(turn& now) const noexcept {
    return is_stopping() || (is_stop_news(now.stops_seen) && look_above(now.stops_seen, reach::all));
  }

  // The same for a chain that forks or begins: asks those whom no stop from above can reach by itself.
  [[nodiscard]] bool look_for_missed_stop(turn& now) const noexcept {
    return !has_missed_no_stop(now) &&
           (is_stopping() || look_above(now.missed_stops_seen, reach::unlinked_only));
  }

  // Whether that would find none without asking anybody.
  [[nodiscard]] bool has_missed_no_stop(const turn& now) const noexcept {
    const std::uintptr_t own = leaf_.load(std::memory_order_acquire);  // pairs with stop()
    return own == unlinked ? !is_stop_news(now.missed_stops_seen) : (own & stopping) == 0;
  }

  // From now on a stop from above reaches this chain by itself, without its looking. By the chain itself, or while it
  // stands still.
  void link_up() noexcept {
    if ((leaf_.load(std::memory_order_relaxed) & ~flags) == unlinked)
        [[unlikely]]  // ours, but for `stopping`
      link_to_those_above();
  }

  // The scope that waits for this one's end; null for a spawned task.
  [[nodiscard]] scope* parent() const noexcept { return joined == nullptr ? nullptr : joined->waiter; }

  // The chain, suspended at `leaf`, is about to wait for `op`. False: a stop was asked for; do not start it.
  [[nodiscard]] bool arm(leaf_op& op, frame& leaf) noexcept {
    at = &leaf;
    run = &resume_job;
    WEFT_CHAOS(yield);
    std::uintptr_t found = 0;
    // Release publishes op and `at` to stop(); a failure needs no order, the chain only unwinds itself.
    if (leaf_.compare_exchange_strong(found, reinterpret_cast<std::uintptr_t>(&op), std::memory_order_acq_rel,
                                      std::memory_order_acquire)) [[likely]] {
      return true;
    }
    return found == unlinked && arm_linked(op);
  }

  // For what is no coroutine but stands in a roster like one: waits for `op` from now on, and then
  // `when_done` runs.
  [[nodiscard]] bool wait_for(leaf_op& op, const context& inherited, run_fn when_done) noexcept {
    context_ = &inherited;
    run = when_done;
    WEFT_CHAOS(yield);
    std::uintptr_t none = 0;
    return leaf_.compare_exchange_strong(none, reinterpret_cast<std::uintptr_t>(&op),
                                         std::memory_order_acq_rel, std::memory_order_acquire);
  }

  // The operation has completed (or will never start). True: the caller hands this job out, or goes on
  // itself. False: a canceller is at work and will.
  [[nodiscard]] bool finish() noexcept {
    std::uintptr_t armed =
        leaf_.load(std::memory_order_relaxed);  // ours alone to clear; only `stopping` can come
    WEFT_CHAOS(yield);
    if ((armed & stopping) == 0 &&
        leaf_.compare_exchange_strong(armed, 0, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return true;
    }
    WEFT_CHAOS(yield);
    // Pairs with left(): the second to come sees the first's bit, and everything before it.
    if ((leaf_.fetch_or(completed, std::memory_order_acq_rel) & canceller_left) == 0) return false;
    forget_op();
    return true;
  }

  // The other half of finish(), for a canceller that found the operation completing, or that has forwarded
  // the stop. True: the completer was here before; the caller hands this job out.
  [[nodiscard]] bool left() noexcept {
    WEFT_CHAOS(yield);
    if ((leaf_.fetch_or(canceller_left, std::memory_order_acq_rel) & completed) == 0) return false;
    forget_op();
    return true;
  }

  // Asks the chain to stop. Jobs to be run on its home engine are appended to `ready`. The caller keeps the
  // scope alive meanwhile. Any thread; idempotent; O(1): a join's children are asked by a job, not by
  // recursion.
  void stop(job_list& ready) noexcept;

  // `joining` is to be called once a stop is asked for, by a job that the caller of stop() gets. False: it was asked
  // for before; the caller calls it itself. Jobs to be submitted at home are appended to `ready`. Any thread; throws
  // std::bad_alloc, unless extras() was called before.
  [[nodiscard]] bool on_stop(stop_callbacks::entry& joining, job_list& ready);

  // `registered`, whose root is set, is to run when `of`, the innermost frame, has ended. On a worker; throws
  // std::bad_alloc, and has then done nothing. From now on the chain owns it.
  void at_exit(exit_hook& registered, frame& of);

  scope_extras& extras();
  [[nodiscard]] scope_extras* extras_or_null() const noexcept {
    return extras_.load(std::memory_order_acquire);  // pairs with extras()
  }

  // For reports: the clean-up that this chain waits for, or null.
  [[nodiscard]] scope* running_exit_hook() const noexcept;

  // Whether a stop can find `op`, which the chain waits for. For who completes it.
  [[nodiscard]] bool is_armed_with(const leaf_op& op) const noexcept {
    // Whoever armed it is below and has ended before: that orders it.
    return (leaf_.load(std::memory_order_relaxed) & ~flags) == reinterpret_cast<std::uintptr_t>(&op);
  }

  // The operation that the chain waits for (or waited for when the stop came).
  [[nodiscard]] leaf_op& armed_op() const noexcept {
    return *reinterpret_cast<leaf_op*>(leaf_.load(std::memory_order_acquire) & ~flags);
  }

  // For reports: the same, or null when the chain waits for nothing of ours.
  [[nodiscard]] leaf_op* armed_op_or_null() const noexcept {
    const std::uintptr_t armed = leaf_.load(std::memory_order_acquire) & ~flags;  // pairs with arm()
    return armed == unlinked ? nullptr : reinterpret_cast<leaf_op*>(armed);
  }

  // The chain, suspended at `leaf`, is to be unwound by this scope's job. The caller hands it out.
  job& to_unwind(frame& leaf) noexcept {
    at = &leaf;
    run = &unwind_job;
    return *this;
  }
  // The same, to be resumed. On a worker.
  job& to_resume(frame& leaf) noexcept {
    at = &leaf;
    run = &resume_job;
    return *this;
  }

  // To be resumed at `at`, which was set before. Any thread.
  job& to_resume_there() noexcept {
    run = &resume_job;
    return *this;
  }

  static void start_job(job& self, turn& now) noexcept;
  static void resume_job(job& self, turn& now) noexcept;
  static void unwind_job(job& self, turn& now) noexcept;

  // Where it waits: the innermost frame. Stale while the chain runs and when it has ended. Written on workers alone, so
  // that a report may read it while they stand still.
  frame* at = nullptr;
  frame* root = nullptr;  // owned until it ends
  end_fn end = nullptr;
  leaf_op* joined = nullptr;  // what waits for this one's end, in the chain above; null for a spawned task
  const context* context_ = nullptr;

 private:
  // The operation is over and its memory may go. Invariant: what the word points to is alive, until a worker runs the
  // job that was handed out. A read-modify-write, so that is_stopping() still pairs with stop().
  WEFT_COLD void forget_op() noexcept { leaf_.fetch_and(flags, std::memory_order_acq_rel); }

  friend std::coroutine_handle<> leave_unusually(frame& done, turn& now) noexcept;

  std::coroutine_handle<> enter_hook(turn& now, bool is_after_a_stop) noexcept;
  static std::coroutine_handle<> hook_ended(scope& self, turn& now, ending) noexcept;
  static void after_hook_job(job& self, turn& now) noexcept;
  WEFT_COLD static void drop_extras(scope_extras& more, scope& of) noexcept;

  WEFT_COLD void link_to_those_above() noexcept;
  WEFT_COLD bool arm_linked(leaf_op& op) noexcept;
  // Whether stops were missed that a look has not covered yet.
  [[nodiscard]] bool is_stop_news(std::uint64_t seen) const noexcept {
    const atomic<std::uint64_t>* const missed = context_->missed_stops;
    return missed == nullptr ||
           missed->load(std::memory_order_acquire) != seen;  // pairs with note_missed_stop()
  }
  enum class reach : std::uint8_t { all, unlinked_only };
  // Brings `seen` up to date when there is none.
  WEFT_COLD bool look_above(std::uint64_t& seen, reach whom) const noexcept;
  void note_missed_stop() const noexcept;

  // `unlinked` stands in the place of an operation.
  static constexpr std::uintptr_t stopping = 1, completed = 2, canceller_left = 4, flags = 7, unlinked = 8;
  static_assert(alignof(leaf_op) > flags);

  // Written by the chain (arm), by whoever completes its operation (finish) and by whoever stops it.
  atomic<std::uintptr_t> leaf_{0};
  // Set once, by whoever needs it first: the chain, or a thread that holds its stop token. Publishes what it points to.
  atomic<scope_extras*> extras_{nullptr};
};

// Enters `next` by symmetric transfer, or through the loop once the transfer budget of this turn is spent.
[[nodiscard]] inline std::coroutine_handle<> enter(frame& next, turn& now) noexcept {
  if (now.spend_transfer()) [[likely]] {
    now.running = &next;
    return next.handle();
  }
  now.resume_first = &next.home().to_resume(next);
  return std::noop_coroutine();
}

// Clean-up is due first; or the frame ends as stopped.
[[nodiscard]] WEFT_COLD std::coroutine_handle<> leave_unusually(frame& done, turn& now) noexcept;

// What a root's or a child's final suspension does: on to whoever waits.
[[nodiscard]] inline std::coroutine_handle<> leave(frame& done, turn& now) noexcept {
  if (frame* const parent = done.ends_into()) return enter(*parent, now);
  if (done.ends_unusually()) [[unlikely]]
    return leave_unusually(done, now);
  scope& own = done.home();
  return own.end(own, now, ending::finished);
}

}  // namespace weft::inline WEFT_ABI::rt
