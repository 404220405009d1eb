// Functions that block (files, getaddrinfo, a database's client) on threads of their own.
//
// start() from any thread. A thread is started only when none is free; one that found no work for
// `keep_alive` goes. At the cap calls wait, without a bound unless `max_queued` gives one (then: refused,
// queue_full). Where the system has no thread to give, a call waits for the threads there are; if there are
// none, start() refuses it with EAGAIN.
//
// Surprising: a blocking function that waits for another one holds its thread meanwhile. When `max_threads`
// of them do, none gets on: await such functions from a task one after the other, or raise the cap. Nothing
// can tell that state from slow functions, but counters() show it: threads == max_threads, idle == 0, queued
// > 0, `ended` stands.
//
// Signals are blocked in these threads (faults and SIGPROF aside). A function that starts a process gives the
// child a mask of its own, or the child is deaf to SIGTERM.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "weft/rt/offload/crew.h"

namespace weft::inline WEFT_ABI::rt {

struct blocking_pool_options {
  unsigned max_threads = 512;
  std::chrono::milliseconds keep_alive = std::chrono::seconds(10);
  std::size_t max_queued = SIZE_MAX;                     // 0: refuse a call for which no thread is free
  std::error_code (*thread_fault)() noexcept = nullptr;  // see crew_options
};

class blocking_pool {
 public:
  using counters_type = crew_counters;

  blocking_pool(const blocking_pool_options& options, completion_sink sink) noexcept;

  // See start_outcome for what the caller owes. After `started` the call may be gone.
  [[nodiscard]] start_outcome start(call& given) noexcept { return crew_.start(given); }

  // At shutdown, once no task lives: refuses new calls (shut_down), runs what is queued, joins the threads.
  // Waits for functions that run, however long they take. Not from a function that runs here; idempotent. The
  // destructor does it too.
  void drain_and_join() noexcept { crew_.drain_and_join(); }

  [[nodiscard]] counters_type counters() const noexcept { return crew_.counters(); }

 private:
  crew crew_;
};

}  // namespace weft::inline WEFT_ABI::rt
