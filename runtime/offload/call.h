// A function on its way to a pool, and whom to resume when it has run. Lives in the awaiter.
//
//     created --start--> started: queued --take--> running --> ended       a thread finishes the operation
//        |                          |
//        |                          +--cancel, unlinked--> (taken)         the canceller has it; it never runs
//        +--cancel--> abandoned                                            start() answers `stopped`
//
// A stop against each step, with the leaf word of scope.h:
//   - before arm(): arm() fails, the pool is never asked;
//   - between arm() and start(): cancel abandons the call and is `completing`; start() answers `stopped`, and
//     the awaiter ends the operation (to_unwind, then finish); whoever of finish() and left() comes last
//     hands out;
//   - queued: cancel unlinks it under the queue's lock and has `taken` it; no thread knows it any more;
//   - running or ended: `completing`. The function's effect wins, and what it uses stays: the frame, with
//     this call in it, is resumed only when invoke() has returned and the canceller has left. A running
//     function is never interrupted; one that runs long looks at a flag of its own.
//
// Invariant 1: `queue` is written before `state` becomes started, so who reads `started` may take the queue's
// lock.
// Invariant 2: a started call is linked, or was taken by exactly one of: a thread of the crew, a canceller.
// Refused: to leave a stopped call in the queue, marked. A timeout around it would then end only when a
// thread comes by, behind all that was queued before.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

#include "weft/rt/base/atomic.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {

struct call_queue;

// The answer of a pool's start(). What the awaiter owes:
//   started  nothing; the call, and the frame around it, may be gone already;
//   stopped  a stop came before: `scope.to_unwind(leaf)`, then `if (scope.finish())` hand its job out;
//   refused  `call.refusal` says why: `if (scope.finish())` go on, or else a canceller resumes
//            the chain.
enum class start_outcome : std::uint8_t { started, stopped, refused };

struct call : leaf_op {
  // Runs the user's function; keeps its value or its exception in the awaiter. On a thread of the pool.
  using invoke_fn = void (*)(call&) noexcept;

  // `in` may be null and `waiter` set later, before it is armed.
  call(const leaf_kind& is, invoke_fn function, scope* in) noexcept : leaf_op(is, in), invoke(function) {}
  call(const call&) = delete;
  call& operator=(const call&) = delete;

  static cancel_outcome cancel_call(leaf_op& op, job_list& ready) noexcept;
  // Appends whether it still queues.
  static void describe_call(const leaf_op& op, std::int64_t now_ns, std::string& text);

  enum class progress : std::uint8_t { created, started, abandoned };

  invoke_fn invoke;
  // Set with `refused`: the function did not run.
  std::error_code refusal;

  // Of the pool. The links are under the queue's lock.
  call* next = nullptr;
  call* prev = nullptr;
  call_queue* queue = nullptr;
  // Leaves `created` once: by start() or by a canceller. start() stores release, cancel_call() loads acquire:
  // publishes `queue`.
  atomic<progress> state{progress::created};
};

// How a pool hands the job of an ended call back to its engine, from a thread that is no worker.
struct completion_sink {
  void (*submit)(void* owner, job& ready) noexcept = nullptr;
  void* owner = nullptr;
};

}  // namespace weft::inline WEFT_ABI::rt
