// What few scopes have, allocated when it is first asked for: functions to be called at a stop, clean-up that is awaited
// when a frame has ended, and what is known of errors.
//
// Two parties: the scope, and the job that calls the functions. The scope may be gone when that job runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/work/error_stack.h"
#include "weft/rt/work/job.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/stop_callbacks.h"

namespace weft::inline WEFT_ABI::rt {

// A coroutine that runs when a frame has ended, in a scope of its own, so that no stop of the chain reaches it.
//
//     registered --the frame ends, or is destroyed--> runs --> its job drops it --> the next one, or the chain goes on
//
// Invariant: those of a chain stand in one row, the innermost frame's first, because only the innermost frame runs.
struct exit_hook : scope {
  // After its end: reports what it threw, and frees it.
  void (*drop)(exit_hook&) noexcept = nullptr;

  // Stands between it and its chain; what has no stop_late lets no stop through.
  static constexpr leaf_kind kind{"clean-up", nullptr};
  leaf_op in_chain{kind, nullptr};
  context inherited_there;         // that of its chain, without limits
  exit_hook* below = nullptr;      // registered before this one
  bool is_first_of_frame = false;  // so the last of it to run
  bool is_after_a_stop = false;    // its frame was unwound
};

struct scope_extras : job {
  scope_extras() noexcept { run = &call_back_job; }

  // After the stop was asked for: the job that calls the functions, if there are any and nobody else has it.
  [[nodiscard]] job* take_job() noexcept {
    if (!callbacks.has_any() || is_taken.exchange(true, std::memory_order_acq_rel)) return nullptr;
    parties.fetch_add(1, std::memory_order_relaxed);  // the scope holds it meanwhile
    return this;
  }
  void let_go() noexcept {
    // Release: what was done with it; acquire: by the last one, before it frees.
    if (parties.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  static void call_back_job(job& self, turn& now) noexcept;

  stop_callbacks callbacks;
  // The chain's own, on workers.
  exit_hook* hooks = nullptr;
  // The one that runs. Written on workers alone, for reports.
  exit_hook* running = nullptr;
  // The chain's own; after its end, of whoever owns the scope.
  error_stacks errors;
  // Set by the one of stop() and on_stop() that hands the job out.
  atomic<bool> is_taken{false};
  // The scope, and the job once it was taken.
  atomic<std::uint32_t> parties{1};
};

}  // namespace weft::inline WEFT_ABI::rt
