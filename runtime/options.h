// The knobs of a runtime, their defaults and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <source_location>
#include <span>
#include <string_view>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// An error that ended a spawned task, or a loser of when_any, and that nobody took.
struct unhandled_error {
  std::string_view name;       // what named() called the task, or else its coroutine
  std::source_location where;  // the await at which the task's first frame stood last
  std::exception_ptr error;
  std::source_location spawned_at = {};  // line 0: not known
  // The awaits through which the error came, the innermost first, one at least; valid during the call. The innermost
  // 16 and the outermost 16: between them `left_out` are missing.
  std::span<const std::source_location> stack = {};
  std::size_t left_out = 0;
};

// A worker that has been in one job for longer than options::blocked_after.
struct blocked_worker {
  std::string_view runtime;  // options::name; valid during the call, as `coroutine` is
  std::size_t worker;        // its thread is called name-worker
  std::chrono::nanoseconds at_least;
  // The coroutine that its job resumed, and the await from which; what blocks is that one, or one that it went on to
  // without waiting. Empty, with line 0: the job resumed none (the callback of a stop, for one).
  std::string_view coroutine;
  std::source_location resumed_at;
};

struct options {
  // Threads that run coroutines. Default: the CPUs this process may use (affinity and cgroup quota). Zero is
  // an error: weft has no "current thread" mode that hides behind a number.
  std::optional<unsigned> workers = std::nullopt;

  // Threads that run compute() calls. Default: as many as CPUs; workers that wait leave the CPU to them.
  std::optional<unsigned> compute_threads = std::nullopt;

  // At most this many threads for spawn_blocking(); further calls queue. A blocked thread costs a stack and
  // no CPU, so the cap is there to stop a runaway, not to tune.
  unsigned blocking_threads = 512;

  // An idle blocking thread ends after this long.
  std::chrono::milliseconds blocking_keep_alive = std::chrono::seconds(10);

  // Called on the thread where the error was given up, for each error that nobody takes. Default: a line on
  // standard error. Must not throw.
  std::function<void(const unhandled_error&)> on_unhandled_error = {};

  // A worker that has been in one job for so long is reported, once for each job, by another that has nothing else to do.
  // So it is noticed up to three times as late, and not at all while no worker is idle. Zero: nobody looks.
  std::chrono::milliseconds blocked_after{10};

  // Threads that rest until a worker is away, blocked as above or in block_in_place(), and then serve in its place until
  // it is back. They also look for blocked workers while no worker is idle. Each costs a thread and three descriptors; and
  // while any worker runs, one of them wakes up every 10 ms (blocked_after, if that is shorter). None by default: what
  // blocks belongs to spawn_blocking().
  unsigned spare_workers = 0;

  // Called on a worker or spare that has no job, which does nothing else meanwhile. Default: a line on standard error, at most one
  // a second. Must not throw.
  std::function<void(const blocked_worker&)> on_blocked_worker = {};

  // Threads are named name-0, name-1, … (cut to 15 characters by the kernel).
  std::string_view name = "weft";
};

// How much runtime::dump() says, and how long it waits.
struct dump_options {
  // For workers that are at a job. One that does not come in time is named, and the tasks are then only counted.
  std::chrono::milliseconds patience{100};
  // At most so many tasks (children of joins included) are written; the others are counted.
  std::size_t most_tasks = 10'000;
};

}  // namespace weft::inline WEFT_ABI::rt
