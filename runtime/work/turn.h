// One turn of a worker's loop: what the running job may use, and what it leaves for the loop to do.
//
// A turn belongs to one worker and is touched by its thread alone. Threads that are not workers see one
// shared turn that is never written: it caches no frames and has no worker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <source_location>
#include <utility>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/tally.h"
#include "weft/rt/work/fork_queue.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/frame_pool.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

class engine;
class worker;

struct turn {
  // How many coroutines may be entered by symmetric transfer before the loop takes over. Compilers do not
  // always make the transfer a tail call (GCC 12 below -O2 and under its sanitizers), so the stack grows by a
  // frame for each; the budget bounds it in every build alike.
  static constexpr std::uint32_t transfer_budget = 128;

  // How many operations of one job may complete without waiting before it must let its peers run.
  static constexpr std::uint32_t operation_budget = 128;

  frame_lists frames;

  // Run next, before anything else is looked for. At most one: a job ends by handing over to one other. A chain's.
  job* resume_first = nullptr;

  // The next part of the running job, run when it comes back: a frame is not destroyed from inside its own final
  // suspension. At most one; never beside resume_first.
  job* epilogue = nullptr;

  // Submitted when the running job comes back.
  job_list later;

  std::uint32_t transfers_left = transfer_budget;
  // How many missed stops the chains of this job have looked for and not found above them: see scope::look_for_stop()
  // and scope::look_for_missed_stop().
  std::uint64_t stops_seen = 0;
  std::uint64_t missed_stops_seen = 0;
  std::uint32_t operations_left = operation_budget;

  // Null on a thread that is not a worker.
  worker* self = nullptr;
  engine* home = nullptr;
  fork_queue* forks = nullptr;
  // Children that were offered so far, see scheduler/counters.h.
  tally forked;
  // How many workers sleep (upper half) and search (lower half), see scheduler/idle.h; null where nobody does.
  const atomic<std::uint64_t>* others = nullptr;

  // A child was forked: whether somebody is to be woken for it. A plain look, so that a fork costs no locked
  // instruction: one who is falling asleep just now may be missed, and the sentinel finds the child.
  [[nodiscard]] bool is_anybody_to_be_woken() const noexcept {
    if (others == nullptr) return false;
    const std::uint64_t seen = others->load(std::memory_order_relaxed);  // see above
    return (seen >> 32) != 0 && static_cast<std::uint32_t>(seen) == 0;
  }

  // The frame that this worker entered last, in the job that it runs; null between jobs and in foreign code. For
  // reports: read by this thread, and by others only while it stands still inside dump() (scheduler/pause.h).
  frame* running = nullptr;
  // A destructor of `running` is what runs: a stop takes the frame apart.
  bool is_unwinding = false;
  // Where the coroutine stood that the job resumed. Written by this thread, read by whoever reports that it does not
  // come back; publishes nothing.
  atomic<std::source_location> resumed_at{std::source_location()};

  // Grows by two with each job; odd while one runs, even while the worker looks for one, sleeps, or has said that it
  // blocks. Written by this thread, compared by whoever watches whether it moves (scheduler/watch.h); publishes nothing.
  atomic<std::uint64_t> pulse{0};
  [[nodiscard]] static constexpr bool is_at_job(std::uint64_t pulse) noexcept { return (pulse & 1) != 0; }

  // The two writes of `pulse`: plain ones, which only this thread makes.
  void begin_job() noexcept {
    pulse.store((pulse.load(std::memory_order_relaxed) | 1) + 2, std::memory_order_relaxed);
  }
  void be_without_job() noexcept {
    pulse.store(pulse.load(std::memory_order_relaxed) & ~std::uint64_t{1}, std::memory_order_relaxed);
  }

  // Runs `whole`, all parts of it.
  void run(job& whole) noexcept {
    whole.run(whole, *this);
    running = nullptr;
    while (job* const last = std::exchange(epilogue, nullptr)) {
      stops_seen = missed_stops_seen = 0;  // it may hand over to another chain, which has not looked
      last->run(*last, *this);
      running = nullptr;
    }
  }

  // By an epilogue, as its last act: the job goes on with `next`, while the transfer budget lasts.
  void hand_over_to(job& next) noexcept { (spend_transfer() ? epilogue : resume_first) = &next; }

  // One more coroutine is entered in this job. False: through the loop, as whatever else is entered in this turn.
  [[nodiscard]] bool spend_transfer() noexcept {
    if (WEFT_CHAOS(cut_short)) transfers_left = 1;
    if (--transfers_left != 0) [[likely]]
      return true;
    transfers_left = 1;
    return false;
  }

  // `next` is resumed by a job.
  void begin_with(frame& next) noexcept;
  // A job that begins with none; it may come to one.
  void begin_without_frame() noexcept {
    resumed_at.store(std::source_location(), std::memory_order_relaxed);  // as in begin_with()
  }

  // One more operation of this job has completed without waiting. False: it should step aside now.
  [[nodiscard]] bool spend_operation() noexcept {
    if (WEFT_CHAOS(cut_short)) operations_left = 0;
    if (operations_left == 0) return false;
    --operations_left;
    return true;
  }
};

inline void turn::begin_with(frame& next) noexcept {
  running = &next;
  resumed_at.store(next.site(), std::memory_order_relaxed);  // a name for a report, nothing hangs on it
}

}  // namespace weft::inline WEFT_ABI::rt
