// Threads that serve one queue of calls: as many as there is work for, up to a cap, and fewer again when it
// is quiet.
//
// Both pools are a crew; they differ in the cap, in how long a thread without work stays, and in what a call
// runs in. start() comes from workers; the crew's own threads run the calls and hand their jobs to the sink.
//
// Invariant 1: a queue that is not empty has threads: a call is linked only while threads_ > 0.
// Invariant 2: a thread leaves only when the queue is empty, deciding it under the lock.
// Invariant 3: a thread that leaves joins the one that left before it; whoever drains joins the last.
//
// A thread is created with the lock held, which costs the others some 20 µs while the crew grows.
// Refused: to create it after unlocking. Then a call may be linked, and taken by a thread about to leave,
// before one knows whether the system had a thread to give, and the refusal no longer finds whom to tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <system_error>

#include "weft/rt/base/atomic.h"
#include "weft/rt/offload/call.h"
#include "weft/rt/offload/call_queue.h"

namespace weft::inline WEFT_ABI::rt {

struct crew_options {
  const char* name = "weft-offload";  // of the threads; at most 15 bytes are seen
  unsigned max_threads = 1;
  std::size_t max_queued = SIZE_MAX;  // calls beyond those that a free thread is about to take
  std::chrono::milliseconds keep_alive = std::chrono::milliseconds::max();

  // What a thread does with a call, in place of call.invoke(call).
  void (*run)(void* owner, call& taken) noexcept = nullptr;
  void* owner = nullptr;

  // Fault injection: asked before a thread is created; an error stands for the system's.
  std::error_code (*thread_fault)() noexcept = nullptr;
};

struct crew_counters {
  unsigned threads = 0;
  unsigned idle = 0;        // of these, without a call
  std::size_t queued = 0;   // calls without a thread
  std::uint64_t ended = 0;  // calls that have run, ever
};

class crew {
 public:
  crew(const crew_options& options, completion_sink sink) noexcept;
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;
  ~crew() { drain_and_join(); }

  // Any thread. After `started` the call may be gone.
  [[nodiscard]] start_outcome start(call& given) noexcept;

  // Takes no more calls, runs those that are queued, joins all threads. Not from a call; idempotent.
  void drain_and_join() noexcept;

  // Any thread.
  [[nodiscard]] crew_counters counters() const noexcept;

 private:
  struct member;

  std::error_code admit() noexcept;
  std::error_code add_thread() noexcept;
  void serve(member& self) noexcept;
  void run_and_finish(call& taken) noexcept;
  [[nodiscard]] bool wait_for_call(std::unique_lock<mutex>& locked) noexcept;
  static void join(member* left) noexcept;

  const crew_options options_;
  const completion_sink sink_;

  // Everything below is under queue_.lock.
  mutable call_queue queue_;
  condition_variable ready_;  // a call was linked, or the crew is closed
  condition_variable quiet_;  // threads_ is zero
  unsigned threads_ = 0;      // created and not yet leaving
  unsigned running_ = 0;      // of these, with a call
  std::uint64_t ended_ = 0;
  bool is_closed_ = false;
  member* last_left_ = nullptr;  // owned; still to be joined
};

}  // namespace weft::inline WEFT_ABI::rt
