// What a worker has done so far, counted while it does it; weft/runtime_stats.h says what each number tells.
//
// Two numbers stand elsewhere: forks in the worker's turn, where a fork needs one instruction for it, and
// polls in the reactor that is polled, because neighbours poll it too.
//
// Invariant: a worker's counters are written by its thread alone, an outsider's count by any.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/padded.h"
#include "weft/rt/base/tally.h"

namespace weft::inline WEFT_ABI::rt {

// On cache lines of its own: who reads disturbs nothing but these.
struct alignas(cache_line_pair) worker_counters {
  tally jobs;
  tally spawns;
  tally steals;
  tally failed_steals;
  tally parks;
  tally wakes;
  tally wakes_for_forks;
  tally overflowed;
  tally neighbours_harvested;
};

// Of all threads that are no workers of the scheduler.
struct alignas(cache_line_pair) outsider_counters {
  shared_tally spawns;
  shared_tally wakes;
};

}  // namespace weft::inline WEFT_ABI::rt
