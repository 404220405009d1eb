// weft: what starting, awaiting and stepping aside cost.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdint>
#include <ranges>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/small_tasks.h"
#include "weft/weft.h"

namespace {

weft::task<std::uint64_t> one() {
  co_return 1;
}

weft::task<std::uint64_t> spawn_and_join(compare::cell& now, std::uint64_t times) {
  std::uint64_t sum = 0;
  for (auto _ : now) {
    sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) sum += co_await weft::spawn(one);
  }
  co_return sum;
}

void spawn_join(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const std::uint64_t got = rt.block_on(spawn_and_join(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(spawn_join);

weft::task<> count_in(std::atomic<std::uint64_t>& ended) {
  ended.fetch_add(1, std::memory_order_relaxed);
  co_return;
}

// They are all known beforehand: that is what when_all is for. A task_group is for children that come to be one by one.
weft::task<std::uint64_t> start_and_join_all(compare::cell& now) {
  std::atomic<std::uint64_t> ended = 0;
  for (auto _ : now) {
    ended = 0;
    co_await weft::when_all(std::views::iota(std::uint64_t{0}, compare::children_of_a_group) |
                            std::views::transform([&ended](std::uint64_t) { return count_in(ended); }));
  }
  co_return ended;
}

void spawn_join_1000(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const std::uint64_t got = rt.block_on(start_and_join_all(now));
  now.items(compare::children_of_a_group);
  now.check(got, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

weft::task<std::uint64_t> await_children(compare::cell& now, std::uint64_t times) {
  std::uint64_t sum = 0;
  for (auto _ : now) {
    sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) sum += co_await one();
  }
  co_return sum;
}

void await_child(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const std::uint64_t got = rt.block_on(await_children(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(await_child);

weft::task<std::uint64_t> step_aside(compare::cell& now, std::uint64_t times) {
  std::uint64_t done = 0;
  for (auto _ : now) {
    for (done = 0; done < times; ++done) co_await weft::yield_now();
  }
  co_return done;
}

void yield(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const std::uint64_t got = rt.block_on(step_aside(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(yield);

// Takes the token `times` times from one semaphore, and puts it into the other.
weft::task<std::uint64_t> play(weft::semaphore& mine, weft::semaphore& theirs, std::uint64_t times) {
  std::uint64_t hits = 0;
  for (; hits < times; ++hits) {
    (co_await mine.acquire()).forget();
    theirs.add_permits(1);
  }
  co_return hits;
}

weft::task<std::uint64_t> game(compare::cell& now, std::uint64_t times) {
  std::uint64_t hits = 0;
  for (auto _ : now) {
    weft::semaphore ping(1);
    weft::semaphore pong(0);
    auto [one_side, other_side] = co_await weft::when_all(play(ping, pong, times), play(pong, ping, times));
    hits = one_side + other_side;
  }
  co_return hits;
}

void ping_pong(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const std::uint64_t got = rt.block_on(game(now, times));
  now.items(2 * times);
  now.check(got, 2 * times);
}
COMPARE_PROBLEM(ping_pong);

}  // namespace
