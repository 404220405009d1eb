// oneTBB: starting and joining small tasks, and handing one in from outside. It has no tasks that wait.
// SPDX-License-Identifier: Apache-2.0
#include <oneapi/tbb/version.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/latency.h"
#include "benchmarks/compare/kernels/small_tasks.h"
#include "benchmarks/compare/rivals/onetbb/arena.h"

namespace {

const compare::version_entry version("oneTBB", TBB_runtime_version());

void spawn_join(compare::cell& now) {
  compare::arena threads(now.threads());
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const std::uint64_t got = threads.run([&now, times](auto& shared) {
    std::uint64_t sum = 0;
    for (auto _ : now) {
      sum = 0;
      COMPARE_TASK_GROUP(group, shared);
      for (std::uint64_t i = 0; i < times; ++i) {
        group.run([&sum] { ++sum; });
        group.wait();
      }
    }
    return sum;
  });
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(spawn_join);

void spawn_join_1000(compare::cell& now) {
  compare::arena threads(now.threads());
  std::atomic<std::uint64_t> ended = 0;
  threads.run([&now, &ended](auto& shared) {
    for (auto _ : now) {
      ended = 0;
      COMPARE_TASK_GROUP(group, shared);
      for (std::uint64_t i = 0; i < compare::children_of_a_group; ++i) {
        group.run([&ended] { ended.fetch_add(1, std::memory_order_relaxed); });
      }
      group.wait();
    }
  });
  now.items(compare::children_of_a_group);
  now.check(ended, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

// The rest has no task_group in it, so one of the two rows is enough.
#ifndef COMPARE_SHARED_CONTEXT

void foreign_post(compare::cell& now) {
  // One more than asked: the place in the arena that is kept for a thread that enters it, which nobody does here.
  compare::arena threads(now.threads() + 1);
  std::uint64_t got = 0;
  for (auto _ : now) {
    std::promise<std::uint64_t> answer;
    threads.get().enqueue([&answer] { answer.set_value(1); });
    got = answer.get_future().get();
  }
  now.check(got, 1);
}
COMPARE_PROBLEM(foreign_post);

void wake(compare::cell& now) {
  compare::arena threads(now.threads() + 1);
  std::vector<compare::latency> latencies;
  for (auto _ : now) {
    compare::landing at;
    compare::let_threads_sleep();
    at.leave();
    threads.get().enqueue([&at] { at.arrive(); });
    latencies.push_back(at.wait());
    now.took(latencies.back());
  }
  now.percentiles(std::move(latencies));
}
COMPARE_PROBLEM_TIMED(wake, by_hand);

#endif

}  // namespace
