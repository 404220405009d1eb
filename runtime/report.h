// What runtime::dump() says: workers, queues, timers, descriptors, pools, counts and live tasks, as text.
//
// Called by engine::dump() alone, from any thread; see pause.h and task_tree.h for why that is safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "weft/rt/base/padded.h"
#include "weft/rt/offload/blocking_pool.h"
#include "weft/rt/offload/compute_pool.h"
#include "weft/rt/options.h"
#include "weft/rt/work/roster.h"

namespace weft::inline WEFT_ABI::rt {

class scheduler;

struct report_sources {
  std::string_view name;
  scheduler& threads;
  const compute_pool& compute;
  const blocking_pool& blocking;
  std::span<padded<roster>> tasks;
};

[[nodiscard]] std::string write_report(const report_sources& of, const dump_options& how);

}  // namespace weft::inline WEFT_ABI::rt
