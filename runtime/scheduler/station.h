// What belongs to one worker and what its neighbours may reach: its queues and its reactor.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "weft/rt/os/process_fence.h"
#include "weft/rt/reactor/reactor.h"
#include "weft/rt/work/fork_queue.h"
#include "weft/rt/work/run_queue.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

struct station {
  explicit station(std::unique_ptr<backend> io) noexcept : events(std::move(io)) {}

  fork_queue forks{fork_queue::usual_capacity,
                   os::process_fence()};  // children: the owner's end is last in, first out
  run_queue ready;                        // tasks that became ready: first in, first out
  reactor events;
  // Of the worker that sits here; set once, before its thread runs. Neighbours read its atomic fields.
  const turn* at = nullptr;
};

using station_list = std::vector<std::unique_ptr<station>>;

}  // namespace weft::inline WEFT_ABI::rt
