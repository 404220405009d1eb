// What runtime::stats() gives: plain numbers. What each of them tells stands in docs/production.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

class scheduler;

// Events since the runtime began. They only grow.
struct worker_stats {
  // Jobs that the worker's loop has run: beginnings, resumptions and ends of tasks. What coroutines hand on
  // to each other directly (an awaited task, a child of the same worker's join) is no job.
  std::uint64_t jobs = 0;
  // Tasks that began life on their own: spawn, block_on, children of task groups but for forked ones. Refused ones are
  // not counted.
  std::uint64_t spawns = 0;
  // What was offered to the other workers while its worker went into something else: children of joins (when_all,
  // when_any and their like), all but one of each join, closures of parallel_invoke and its like, and the callers of
  // task_group::fork().
  std::uint64_t forks = 0;
  // How often it took something out of a neighbour's queues: one forked child or an eighth of many, or up
  // to half of the ready tasks.
  std::uint64_t steals = 0;
  // How often it looked through all neighbours' queues and found nothing.
  std::uint64_t failed_steals = 0;
  // How often it went to sleep in the kernel, for want of a job.
  std::uint64_t parks = 0;
  // How often it woke a worker that slept: a system call here, a context switch there.
  std::uint64_t wakes = 0;
  // Of these, how often because a join had offered children.
  std::uint64_t wakes_for_forks = 0;
  // Jobs that went to the shared queue because its own (256) was full.
  std::uint64_t overflowed = 0;
  // How often the kernel was asked for events and timers of this worker: by itself, or by a neighbour in its
  // place.
  std::uint64_t polls = 0;
  // How often it found events or timers at a neighbour, which was busy with one job.
  std::uint64_t neighbours_harvested = 0;

  friend bool operator==(const worker_stats&, const worker_stats&) = default;
};

// What threads did that are no workers of the runtime: the program's own, the pools', other runtimes'
// workers.
struct outsider_stats {
  std::uint64_t spawns = 0;
  std::uint64_t wakes = 0;

  friend bool operator==(const outsider_stats&, const outsider_stats&) = default;
};

struct runtime_stats {
  std::vector<worker_stats> workers;  // and then the spares
  outsider_stats outsiders;
  // Of the workers and the outsiders.
  worker_stats total;

  friend bool operator==(const runtime_stats&, const runtime_stats&) = default;
};

// Throws std::bad_alloc.
[[nodiscard]] runtime_stats read_stats(const scheduler& of);
// One line in all, and one for each worker. The form is no promise.
[[nodiscard]] std::string to_string(const runtime_stats& counted);

}  // namespace weft::inline WEFT_ABI::rt
