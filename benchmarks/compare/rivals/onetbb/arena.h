// What the problems of oneTBB share: an arena of so many threads, and task groups with or without a context of their
// own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

// A task_group named `name`. Two constructors, hence a macro.
#ifdef COMPARE_SHARED_CONTEXT
#define COMPARE_TASK_GROUP(name, shared) tbb::task_group name(shared)
#else
#define COMPARE_TASK_GROUP(name, shared) \
  static_cast<void>(shared);             \
  tbb::task_group name
#endif

namespace compare {

class arena {
 public:
  explicit arena(unsigned threads)
      : limit_(tbb::global_control::max_allowed_parallelism, threads), arena_(static_cast<int>(threads)) {}

  // Runs function(context) inside; the calling thread is one of the arena's.
  template <class F>
  auto run(F function) {
    return arena_.execute([this, &function] { return function(context_); });
  }

  tbb::task_arena& get() { return arena_; }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
  tbb::task_group_context context_;
};

}  // namespace compare
