// What belongs to one worker and what others may reach: its queues, its reactor, its counters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "weft/rt/os/process_fence.h"
#include "weft/rt/reactor/reactor.h"
#include "weft/rt/scheduler/counters.h"
#include "weft/rt/work/fork_queue.h"
#include "weft/rt/work/next_slot.h"
#include "weft/rt/work/run_queue.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

struct station {
  explicit station(std::unique_ptr<backend> io) noexcept : events(std::move(io)) {}

  fork_queue forks{fork_queue::usual_capacity,
                   os::process_fence()};  // children: the owner's end is last in, first out
  next_slot next;                         // the task that the running job has made ready
  run_queue ready;                        // those that became ready before: first in, first out
  reactor events;
  worker_counters counts;
  // Of the worker that sits here; set once, before its thread runs. Neighbours read its atomic fields.
  const turn* at = nullptr;
};

using station_list = std::vector<std::unique_ptr<station>>;

}  // namespace weft::inline WEFT_ABI::rt
