// What kind of operation a chain waits for: how it is cancelled, and what a report says about it.
//
// One static record a kind; every operation (leaf_op in scope.h) points at its own. `cancel` is called by
// whoever asks to stop. `describe` and `for_each_child` are for reports of live tasks alone, and are called
// while no worker runs a job (scheduler/pause.h) by a thread that may be any. Meanwhile threads that are no
// workers go on: they may stop, finish and grant this very operation. So `describe` reads what does not
// change once the operation is armed, atomics, and what it takes the lock for; it calls nothing that waits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

class job_list;
struct leaf_op;
struct scope;

enum class cancel_outcome : std::uint8_t { taken, completing, forwarded };

struct leaf_kind {
  // Called at most once, by the thread that asks to stop, while the operation is armed. It may run at the
  // same time as completion, and before the operation has reached its queue; the operation's own lock
  // decides. After `taken` or `forwarded` the operation may be gone.
  using cancel_fn = cancel_outcome (*)(leaf_op&, job_list& ready) noexcept;

  // Appends what is not in the name. `now_ns` is on the clock of timers.
  using describe_fn = void (*)(const leaf_op&, std::int64_t now_ns, std::string& text);

  // Calls `visit` with each scope that this operation waits for.
  using visit_fn = void (*)(void* visitor, scope& child);
  using children_fn = void (*)(leaf_op&, visit_fn visit, void* visitor);

  const char* name;  // what the chain waits for, in words; the debugger's script goes by it
  cancel_fn cancel;
  describe_fn describe = nullptr;
  children_fn for_each_child = nullptr;

  // Only of what waits for other chains: a stop that came before the operation was armed is handed down now. On a worker.
  void (*stop_late)(leaf_op&) noexcept = nullptr;
};

// Appends "due in 320 ms", "due now" or "for ever".
void describe_deadline(std::int64_t due_ns, std::int64_t now_ns, std::string& text);

}  // namespace weft::inline WEFT_ABI::rt
