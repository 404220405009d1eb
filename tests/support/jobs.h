// Jobs without coroutines, for tests of the queues and of those who run them. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <utility>

#include "weft/rt/reactor/timer.h"
#include "weft/rt/work/job.h"
#include "weft/rt/work/job_list.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

// Counts how often it was run; whoever reads the count sees what the job saw.
struct counting_job : job {
  counting_job() noexcept { run = &count; }
  static void count(job& self, turn&) noexcept {
    static_cast<counting_job&>(self).runs.fetch_add(1, std::memory_order_acq_rel);
  }
  [[nodiscard]] int times() const noexcept { return runs.load(std::memory_order_acquire); }
  std::atomic<int> runs{0};
};

// Does what the test says. May put itself back: it is touched no more once the function has returned.
struct function_job : job {
  explicit function_job(std::function<void(turn&)> given) : body(std::move(given)) { run = &call_it; }
  static void call_it(job& self, turn& now) noexcept { static_cast<function_job&>(self).body(now); }
  std::function<void(turn&)> body;
};

// The same as a chain, which is what a job may leave to be run first.
struct function_chain : scope {
  explicit function_chain(std::function<void(turn&)> given) : body(std::move(given)) { run = &call_it; }
  static void call_it(job& self, turn& now) noexcept {
    static_cast<function_chain&>(static_cast<scope&>(self)).body(now);
  }
  std::function<void(turn&)> body;
};

// A timer that hands out a job.
struct job_timer : timer {
  explicit job_timer(job& handed_out) noexcept : timer(&ring), due(handed_out) {}
  static job* ring(timer& self) noexcept { return &static_cast<job_timer&>(self).due; }
  job& due;
};

inline int drop_all(job_list& ready) noexcept {
  int dropped = 0;
  while (ready.pop_front() != nullptr) ++dropped;
  return dropped;
}

}  // namespace weft::inline WEFT_ABI::rt
