// Functions that burn a core, inside an explicit oneTBB arena: tbb::parallel_* called by them share its
// slots.
//
// start() from any thread. Our own threads, up to `threads`, enter the arena with one call each; oneTBB's
// workers join for parallel algorithms only. Together they are at most `threads`: a call that finds every
// slot taken waits for one. Nothing is started, and oneTBB not touched, before the first call.
//
// Refused: task_arena::enqueue. It has oneTBB's workers alone, one fewer than CPUs (one of two here: 600 ms
// for two calls of 300 ms); asking for more prints a warning to standard error, or needs a global_control,
// which is the program's to set. And a stopped call could not be unlinked. Surprising: oneTBB's workers
// belong to the process. Arenas of several runtimes share them.
//
// oneTBB as Debian builds it is opaque to ThreadSanitizer. Where this library is built with it, the same
// threads run calls without an arena (see compute_arena.cc); parallel algorithms then use oneTBB's default
// arena.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <system_error>

#include "weft/rt/base/core_load.h"
#include "weft/rt/offload/crew.h"

namespace weft::inline WEFT_ABI::rt {

class compute_arena;

struct compute_pool_options {
  unsigned threads = 0;                                  // 0: os::usable_cpus(), quota included
  std::error_code (*thread_fault)() noexcept = nullptr;  // see crew_options
  core_load* cores = nullptr;                            // counts the functions that run; outlives the pool
};

class compute_pool {
 public:
  compute_pool(const compute_pool_options& options, completion_sink sink) noexcept;
  compute_pool(const compute_pool&) = delete;
  compute_pool& operator=(const compute_pool&) = delete;
  ~compute_pool();

  // See start_outcome for what the caller owes. After `started` the call may be gone.
  [[nodiscard]] start_outcome start(call& given) noexcept { return crew_.start(given); }

  // At shutdown, once no task lives: refuses new calls (shut_down), runs what is queued, and waits until no
  // call is in the arena. The arena dies with the pool. Not from a function that runs here; idempotent.
  void drain() noexcept { crew_.drain_and_join(); }

  [[nodiscard]] unsigned max_threads() const noexcept { return threads_; }
  [[nodiscard]] crew_counters counters() const noexcept { return crew_.counters(); }

 private:
  [[nodiscard]] crew_options crew_of(const compute_pool_options& options) noexcept;
  void run(call& taken) noexcept;

  const unsigned threads_;
  core_load* const cores_;
  const std::unique_ptr<compute_arena> arena_;  // before crew_: outlives its threads
  crew crew_;
};

}  // namespace weft::inline WEFT_ABI::rt
