// weft: how long somebody waits, and a million who do.
// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/compare/kernels/latency.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/million_suspended.h"
#include "weft/weft.h"

namespace {

weft::task<std::uint64_t> one() {
  co_return 1;
}

void foreign_post(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(one());
  now.check(got, 1);
}
COMPARE_PROBLEM(foreign_post);

weft::task<> land(compare::landing& at) {
  at.arrive();
  co_return;
}

void wake(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  std::vector<compare::latency> latencies;
  for (auto _ : now) {
    compare::landing at;
    compare::let_threads_sleep();
    at.leave();
    const auto landed = rt.spawn(land, std::ref(at));
    latencies.push_back(at.wait());
    now.took(latencies.back());
  }
  now.percentiles(std::move(latencies));
}
COMPARE_PROBLEM_TIMED(wake, by_hand);

weft::task<> burner(const std::atomic<bool>& enough, std::uint64_t seed) {
  co_await weft::compute([&] {
    while (!enough) seed = compare::burn(seed);
  });
}

weft::task<> ticker(compare::ticks& ticks, std::atomic<bool>& enough) {
  while (!ticks.is_done()) {
    co_await weft::sleep_until(ticks.due());
    ticks.ticked();
  }
  enough = true;
}

void mixed_latency(compare::cell& now) {
  weft::runtime rt({.workers = now.threads(), .compute_threads = now.threads()});
  for (auto _ : now) {
    compare::ticks ticks(now.size(compare::ticks_full, compare::ticks_tiny));
    std::atomic<bool> enough = false;
    const auto body = [&](weft::task_group& group) -> weft::task<> {
      for (unsigned i = 0; i < now.threads(); ++i) group.spawn(burner, std::cref(enough), i);
      group.spawn(ticker, std::ref(ticks), std::ref(enough));
      co_return;
    };
    rt.block_on(weft::with_task_group(body));
    now.took(now.percentiles(ticks.late()));
  }
}
COMPARE_PROBLEM_TIMED(mixed_latency, one_shot);

// What a million tasks share: the last one to come says so, and nobody looks again and again.
struct meeting {
  explicit meeting(std::uint64_t count) : to_come(count) {}

  std::atomic<std::uint64_t> to_come;
  std::atomic<std::uint64_t> ended = 0;
  weft::semaphore all_are_here{0};
  weft::semaphore event{0};
};

weft::task<> wait_at(meeting& here) {
  if (here.to_come.fetch_sub(1, std::memory_order_relaxed) == 1) here.all_are_here.add_permits(1);
  (co_await here.event.acquire()).forget();
  here.ended.fetch_add(1, std::memory_order_relaxed);
}

void million_suspended(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  for (auto _ : now) {
    compare::suspended all(now);
    meeting here(all.count());
    const auto body = [&](weft::task_group& group) -> weft::task<> {
      for (std::uint64_t i = 0; i < all.count(); ++i) group.spawn(wait_at, std::ref(here));
      (co_await here.all_are_here.acquire()).forget();
      all.are_suspended();
      here.event.add_permits(all.count());
    };
    rt.block_on(weft::with_task_group(body));
    all.have_ended();
    now.check(here.ended, all.count());
  }
}
COMPARE_PROBLEM_TIMED(million_suspended, one_shot);

}  // namespace
