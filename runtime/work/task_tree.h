// Live tasks as text: a tree of scopes, each with what it waits for and its chain of awaits.
//
//     - front page: when_all: 1 of 2 children left
//         spawned at server.cc:48
//         serve(int) at server.cc:31
//         both() at server.cc:20
//       - fetch(url): sleeping, due in 320 ms
//           fetch(url) at client.cc:12
//
// Called while no worker of the tasks' runtime runs a job (scheduler/pause.h). What makes the walk safe then:
//
// 1. Members of a roster leave it, frames are destroyed and coroutines resumed by jobs of their own runtime
//    alone. So what was seen once stays, without a lock; newcomers may be admitted meanwhile, complete, and
//    are not seen.
// 2. Of a scope only these are read: `root` and `at`, which workers write (or the thread that admits it,
//    before); `parent` and a member's mark, which do not change; and the leaf word, which is atomic. Not `run` and
//    the links: whoever stops or completes writes these.
// 3. An operation that the leaf word names is alive (scope::forget_op). It may complete meanwhile; its memory
//    stays until a job resumes or unwinds the chain.
// 4. `at` is stale in a chain that runs or has ended. A chain runs only if it asks for this report, and those
//    are given (`running`). One that has ended has no root, or a root at its final suspension.
//
// No recursion: chains and trees may be a million deep. Long chains lose their middle, deep trees their
// indentation.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {

struct task_tree_options {
  std::size_t most_tasks = 10'000;               // scopes written; the rest is counted
  std::int64_t now_ns = 0;                       // on the clock of timers
  const std::vector<frame*>* running = nullptr;  // frames that run: inside a job that asks for this report
};

// Appends the trees under `roots`. Returns how many scopes it left out that it saw. Throws std::bad_alloc.
std::size_t write_task_trees(const std::vector<scope*>& roots, const task_tree_options& how,
                             std::string& text);

}  // namespace weft::inline WEFT_ABI::rt
