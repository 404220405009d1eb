// runtime_stats: what a runtime has done so far, in numbers for a program's own metrics.
//
//     const weft::runtime_stats before = rt.stats();
//     …
//     const weft::runtime_stats now = rt.stats();
//     gauge("wakes", now.total.wakes - before.total.wakes);
//     gauge("jobs_of_worker_0", now.workers[0].jobs - before.workers[0].jobs);
//     std::puts(weft::to_string(now).c_str());
//
// All numbers count events since the runtime began, and only grow: read twice and subtract. rt/stats.h says
// what each counts, docs/production.md what it tells of a server.
//
// Thread safety: plain values. runtime::stats() may be called by any thread, and by tasks, at any time until
// the runtime is destroyed. Each number is exact for some moment; they are not all of the same moment, so one
// that belongs to another (a steal to a fork) may be missing. What happened before the call in the sense of
// the language is counted: who awaited a task finds its spawn.
// Errors: std::bad_alloc, for the vector.
// A stop, and runtime::stop(): nothing is reset.
// Cost: reading, some loads a worker, and the cache lines that they take away from it once; disturbs no
// worker otherwise. Counting, one plain addition for each event; a locked one for what threads do that are no
// workers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/stats.h"

namespace weft::inline WEFT_ABI {

using worker_stats = rt::worker_stats;
using outsider_stats = rt::outsider_stats;
using runtime_stats = rt::runtime_stats;
// As text for people; the form is no promise.
using rt::to_string;

}  // namespace weft::inline WEFT_ABI
