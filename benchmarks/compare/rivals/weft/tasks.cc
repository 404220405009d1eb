// weft: what starting, awaiting and stepping aside cost.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdint>
#include <functional>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/small_tasks.h"
#include "weft/weft.h"

namespace {

weft::task<std::uint64_t> one() {
  co_return 1;
}

weft::task<std::uint64_t> spawn_and_join(std::uint64_t times) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < times; ++i) sum += co_await weft::spawn(one);
  co_return sum;
}

void spawn_join(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(spawn_and_join(times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(spawn_join);

weft::task<> count_in(std::atomic<std::uint64_t>& ended) {
  ended.fetch_add(1, std::memory_order_relaxed);
  co_return;
}

void spawn_join_1000(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  std::atomic<std::uint64_t> ended = 0;
  const auto body = [&ended](weft::task_group& group) -> weft::task<> {
    for (std::uint64_t i = 0; i < compare::children_of_a_group; ++i) {
      co_await group.fork(count_in, std::ref(ended));
    }
  };
  for (auto _ : now) {
    ended = 0;
    rt.block_on(weft::with_task_group(body));
  }
  now.items(compare::children_of_a_group);
  now.check(ended, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

weft::task<std::uint64_t> await_children(std::uint64_t times) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < times; ++i) sum += co_await one();
  co_return sum;
}

void await_child(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(await_children(times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(await_child);

weft::task<std::uint64_t> step_aside(std::uint64_t times) {
  std::uint64_t done = 0;
  for (; done < times; ++done) co_await weft::yield_now();
  co_return done;
}

void yield(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(step_aside(times));
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

weft::task<std::uint64_t> game(std::uint64_t times) {
  weft::semaphore ping(1);
  weft::semaphore pong(0);
  auto [one_side, other_side] = co_await weft::when_all(play(ping, pong, times), play(pong, ping, times));
  co_return one_side + other_side;
}

void ping_pong(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(game(times));
  now.items(2 * times);
  now.check(got, 2 * times);
}
COMPARE_PROBLEM(ping_pong);

}  // namespace
