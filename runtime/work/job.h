// A job: something that a worker can run once, and a pair of links to stand in a list with.
//
// A job lives inside what it runs for (a scope, a call, a node of a join), so that queueing allocates
// nothing. The links belong to whoever holds the job: a queue while it is ready, a wait queue while it waits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

struct turn;

struct job {
  // Runs on a worker, in a turn of its loop. The job may be gone when it returns.
  using run_fn = void (*)(job&, turn&) noexcept;

  run_fn run = nullptr;
  job* next = nullptr;
  job* prev = nullptr;
};

}  // namespace weft::inline WEFT_ABI::rt
