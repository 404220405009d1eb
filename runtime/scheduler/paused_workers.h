// The workers of a scheduler while they stand still, and what each of them was at.
//
// Lives on the stack of whoever reports: a thread that is no worker, or a worker inside a job. The pause
// lasts as long as the object (see pause.h). The scheduler may be closing meanwhile; it may not be destroyed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "weft/rt/scheduler/pause.h"
#include "weft/rt/work/frame.h"

namespace weft::inline WEFT_ABI::rt {

class scheduler;

struct worker_view {
  enum class doing : std::uint8_t {
    asleep,
    on_duty,    // asleep, and looks in on the others once in a while
    searching,  // for a job
    between,    // was between two jobs, or at one that has come to its end
    calling,    // in a job that asks for a report
    busy,       // has not come
    resting,    // a spare that nobody has called
    ended,      // its thread is gone
  };

  doing now;
  std::int64_t thread_id;
  std::size_t ready, forked;                 // jobs in its queues
  std::size_t timers, descriptors, waiting;  // in its reactor; `waiting`: operations on descriptors
  frame* running;                            // with `calling`: the frame that runs, unless foreign code does
  std::source_location resumed_at;  // with `busy`: where the coroutine stood that its last job resumed
};

class paused_workers {
 public:
  // Waits at most `patience` for the workers to come. Throws std::bad_alloc.
  paused_workers(scheduler& of, std::chrono::milliseconds patience);
  paused_workers(const paused_workers&) = delete;
  paused_workers& operator=(const paused_workers&) = delete;
  ~paused_workers();

  // All have come: no job runs, but those that ask for reports.
  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
  [[nodiscard]] const std::vector<worker_view>& views() const noexcept { return views_; }

 private:
  scheduler& of_;
  const std::size_t self_;
  std::vector<worker_view> views_;
  bool is_complete_ = false;
};

}  // namespace weft::inline WEFT_ABI::rt
