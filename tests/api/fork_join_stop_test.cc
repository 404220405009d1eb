// Stops of trees of when_all that never wait, or have not waited yet: the children are in their worker's own hands, and
// nothing above them is armed. The seed is printed with a failure; WEFT_TEST_SEED repeats it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<> nothing() {
  co_return;
}

task<> fork_for_ever(std::atomic<int>& rounds) {
  for (;;) {
    co_await when_all(nothing(), nothing());
    rounds.fetch_add(1);
  }
}

task<> ask_for_ever(std::atomic<int>& rounds) {
  while (!is_stopping()) rounds.fetch_add(1);
  co_return;
}

// `depth` joins above the task.
task<> below(int depth, task<> innermost) {
  if (depth == 0) {
    co_await std::move(innermost);
  } else {
    co_await when_all(below(depth - 1, std::move(innermost)), nothing());
  }
}

void expect_to_end_by_a_stop(std::size_t workers, int depth, task<> (*endless)(std::atomic<int>&)) {
  runtime rt({.workers = workers});
  std::atomic<int> rounds{0};
  auto handle = rt.spawn(below(depth, endless(rounds)));
  EXPECT_TRUE(eventually([&] { return rounds.load() > 3; }));
  handle.request_stop();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
}

TEST(fork_join_stop, a_tree_that_only_forks_stops_at_a_fork) {
  for (const int depth : {0, 1, 2, 50}) expect_to_end_by_a_stop(1, depth, &fork_for_ever);
}

TEST(fork_join_stop, a_tree_that_only_forks_stops_at_a_fork_beside_thieves) {
  for (const int depth : {0, 1, 2, 50}) expect_to_end_by_a_stop(3, depth, &fork_for_ever);
}

task<> look() {
  EXPECT_FALSE(is_stopping()) << "nobody has asked this task";
  co_return;
}

task<> stop_and_await_a_task_that_looks(inplace_stop_source& all, bool& seen) {
  auto handle = spawn(look);
  all.request_stop();
  co_await handle;
  seen = is_stopping();
}

// The task that ends hands over to the one that awaits it, before the job has run that hands the stop down.
TEST(fork_join_stop, who_goes_on_after_a_task_of_its_own_sees_a_stop_that_this_task_had_not_to_see) {
  for (const int depth : {1, 2, 50}) {
    runtime rt({.workers = 1});
    inplace_stop_source all;
    bool seen = false;
    static_cast<void>(rt.block_on(as_outcome(
        with_stop_token(all.get_token(), below(depth, stop_and_await_a_task_that_looks(all, seen))))));
    EXPECT_TRUE(seen) << "depth " << depth;
  }
}

TEST(fork_join_stop, is_stopping_sees_a_stop_of_those_above) {
  for (const int depth : {0, 1, 2, 50}) expect_to_end_by_a_stop(1, depth, &ask_for_ever);
}

TEST(fork_join_stop, two_trees_on_one_worker_do_not_hide_each_others_stops) {
  runtime rt({.workers = 1});
  std::atomic<int> first_rounds{0}, second_rounds{0};
  auto first = rt.spawn(below(2, fork_for_ever(first_rounds)));
  auto second = rt.spawn(below(2, fork_for_ever(second_rounds)));
  EXPECT_TRUE(eventually([&] { return first_rounds.load() > 3 && second_rounds.load() > 3; }));
  first.request_stop();
  second.request_stop();
  EXPECT_TRUE(eventually([&] { return first.is_done() && second.is_done(); }));
}

TEST(fork_join_stop, a_token_that_was_taken_below_tells_other_threads) {
  runtime rt({.workers = 1});
  std::atomic<bool> has_token{false}, is_seen{false};
  const auto take = [&]() -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    has_token = true;
    is_seen = eventually([token] { return token.stop_requested(); });
  };
  auto handle = rt.spawn(below(3, take()));
  EXPECT_TRUE(eventually([&] { return has_token.load(); }));
  handle.request_stop();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_TRUE(is_seen);
}

TEST(fork_join_stop, a_stop_before_the_first_wait_ends_that_wait) {
  for (const int depth : {0, 1, 2, 50}) {
    runtime rt({.workers = 1});
    std::atomic<bool> is_running{false}, is_asked{false}, went_on{false};
    const auto waits = [&]() -> task<> {
      is_running = true;
      EXPECT_TRUE(eventually([&] { return is_asked.load(); }));
      co_await sleep_for(1h);
      went_on = true;
    };
    auto handle = rt.spawn(below(depth, waits()));
    EXPECT_TRUE(eventually([&] { return is_running.load(); }));
    handle.request_stop();
    is_asked = true;
    EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
    EXPECT_FALSE(went_on);
  }
}

TEST(fork_join_stop, all_that_wait_below_are_reached) {
  runtime rt({.workers = 2});
  std::atomic<int> waiting{0};
  const auto waits = [&]() -> task<> {
    waiting.fetch_add(1);
    co_await sleep_for(1h);
  };
  const auto tree = [&](auto& self, int depth) -> task<> {
    if (depth == 0) {
      co_await waits();
    } else {
      co_await when_all(self(self, depth - 1), self(self, depth - 1), nothing());
    }
  };
  auto handle = rt.spawn(tree(tree, 6));
  EXPECT_TRUE(eventually([&] { return waiting.load() == 64; }));
  handle.request_stop();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
}

TEST(fork_join_stop, an_error_far_below_stops_a_sibling_that_only_forks) {
  runtime rt({.workers = 2});
  std::atomic<int> rounds{0};
  const auto fails = [&]() -> task<> {
    while (rounds.load() < 3) co_await yield_now();
    throw std::runtime_error("far below");
  };
  const auto both = [&]() -> task<> {
    co_await when_all(below(3, fork_for_ever(rounds)), below(3, fails()));
  };
  EXPECT_THROW(rt.block_on(both()), std::runtime_error);
}

// --- random trees

using random = std::mt19937_64;

std::uint64_t seed_of_today() {
  const char* const given = std::getenv("WEFT_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

task<long> grow(std::uint64_t seed, int depth, census& here) {
  const resident stays(here);
  random dice(seed);
  switch (dice() % 8) {
    case 0:
      co_await yield_now();
      break;
    case 1:
      co_await sleep_for(std::chrono::microseconds(dice() % 50));
      break;
    case 2:
      if (is_stopping()) co_return 0;
      break;
    default:
      break;
  }
  if (depth == 0) co_return 1;
  if (dice() % 3 == 0) {
    std::vector<task<long>> children;
    const std::uint64_t count = dice() % 5;
    for (std::uint64_t i = 0; i < count; ++i) children.push_back(grow(dice(), depth - 1, here));
    long sum = 1;
    for (const long each : co_await when_all(std::move(children))) sum += each;
    co_return sum;
  }
  auto left = grow(dice(), depth - 1, here);
  auto right = grow(dice(), depth - 1, here);
  const auto [one, other] = co_await when_all(std::move(left), std::move(right));
  co_return 1 + one + other;
}

TEST(fork_join_stop, random_trees_end_once_and_leave_nothing_whenever_the_stop_comes) {
  const std::uint64_t seed = seed_of_today();
  SCOPED_TRACE("WEFT_TEST_SEED=" + std::to_string(seed));
  random dice(seed);
  runtime rt({.workers = 3});
  census here;
  for (int round = 0; round < 200; ++round) {
    std::vector<join_handle<long>> handles;
    for (int i = 0; i < 4; ++i) handles.push_back(rt.spawn(grow(dice(), 6, here)));
    for (auto& each : handles) {
      for (std::uint64_t spin = dice() % 20; spin > 0; --spin) std::this_thread::yield();
      if (dice() % 4 != 0) each.request_stop();
    }
    for (auto& each : handles) EXPECT_TRUE(eventually([&] { return each.is_done(); }));
    EXPECT_EQ(here.living(), 0);
  }
}

}  // namespace
}  // namespace weft::test
