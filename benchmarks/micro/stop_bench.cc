// What a stop costs, beside the same by an exception: 10,000 tasks, each some awaits deep, that wait for something.
//
// `unwound` is a stop of ours. `thrown` wakes each innermost task, which throws; the exception passes every await, as it
// would if cancellation were one. Both times count from the request to the end of the last task; making the tasks is not
// counted. The figure is per task.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "weft/weft.h"

namespace {

constexpr int tasks = 10'000;

struct cancelled {};

weft::task<> level(std::atomic<int>& waiting, weft::semaphore& held, bool throws, std::int64_t below) {
  if (below > 0) {
    co_await level(waiting, held, throws, below - 1);
  } else {
    waiting.fetch_add(1, std::memory_order_relaxed);
    const weft::semaphore_permit got = co_await held.acquire();
    if (throws) throw cancelled();
  }
}

weft::task<> root(std::atomic<int>& waiting, weft::semaphore& held, bool throws, std::int64_t below) {
  try {
    co_await level(waiting, held, throws, below);
  } catch (const cancelled&) {
  }
}

void end_all(benchmark::State& state, bool throws) {
  weft::runtime rt({.workers = static_cast<unsigned>(state.range(1))});
  for (auto _ : state) {
    weft::semaphore held(0);
    std::atomic<int> waiting = 0;
    std::chrono::steady_clock::time_point asked;
    const auto body = [&](weft::task_group& group) -> weft::task<> {
      for (int i = 0; i < tasks; ++i) {
        group.spawn(root, std::ref(waiting), std::ref(held), throws, state.range(0) - 1);
      }
      while (waiting.load(std::memory_order_relaxed) < tasks) co_await weft::yield_now();
      asked = std::chrono::steady_clock::now();
      if (throws) {
        held.add_permits(tasks);
      } else {
        group.request_stop();
      }
    };
    rt.block_on(weft::with_task_group(body));
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count() /
                           tasks);
  }
  state.SetItemsProcessed(state.iterations());
}

void unwound(benchmark::State& state) {
  end_all(state, false);
}
void thrown(benchmark::State& state) {
  end_all(state, true);
}

// Awaits deep, workers.
BENCHMARK(unwound)->ArgsProduct({{1, 5, 20}, {1, 2}})->UseManualTime()->Iterations(50);
BENCHMARK(thrown)->ArgsProduct({{1, 5, 20}, {1, 2}})->UseManualTime()->Iterations(50);

}  // namespace
