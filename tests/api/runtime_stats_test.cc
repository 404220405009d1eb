// runtime::stats(): each number counts what it says, where it belongs. SPDX-License-Identifier: Apache-2.0
#include "weft/runtime_stats.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/chaos.h"
#include "tests/support/door.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

task<> nothing() {
  co_return;
}
task<int> one() {
  co_return 1;
}

// Joins fib(n) makes: fib(n+1)-1.
task<int> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await when_all(fib(n - 1), fib(n - 2));
  co_return a + b;
}

// What `act` adds to all counts together.
template <class Act>
worker_stats added_by(runtime& rt, Act act) {
  const worker_stats before = rt.stats().total;
  act();
  worker_stats after = rt.stats().total;
  after.spawns -= before.spawns;
  after.forks -= before.forks;
  return after;
}

TEST(runtime_stats, of_a_new_runtime_have_a_row_for_each_worker_and_no_task) {
  const runtime rt({.workers = 3});
  const runtime_stats now = rt.stats();
  EXPECT_EQ(now.workers.size(), 3u);
  EXPECT_EQ(now.total.spawns, 0u);
  EXPECT_EQ(now.total.forks, 0u);
  EXPECT_EQ(now.total.jobs, 0u);
  EXPECT_EQ(now.outsiders, outsider_stats{});
}

TEST(runtime_stats, each_spawn_and_block_on_from_outside_counts_once_and_for_the_outsiders) {
  runtime rt({.workers = 2});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    rt.spawn(nothing).detach();
    EXPECT_EQ(rt.stats().outsiders.spawns, i);
  }
  rt.block_on(nothing());
  const runtime_stats now = rt.stats();
  EXPECT_EQ(now.outsiders.spawns, 21u);
  EXPECT_EQ(now.total.spawns, 21u);
  for (const worker_stats& each : now.workers) EXPECT_EQ(each.spawns, 0u);
}

TEST(runtime_stats, a_spawn_by_a_task_counts_for_its_worker) {
  runtime rt({.workers = 1});
  const auto parent = []() -> task<> {
    for (int i = 0; i < 7; ++i) co_await spawn(one);
  };
  rt.block_on(parent());
  const runtime_stats now = rt.stats();
  EXPECT_EQ(now.workers[0].spawns, 7u);
  EXPECT_EQ(now.outsiders.spawns, 1u);
  EXPECT_EQ(now.total.spawns, 8u);
  EXPECT_GE(now.workers[0].jobs, 8u) << "each task begins with a job";
}

TEST(runtime_stats, children_of_a_group_are_spawns_and_refused_ones_are_not) {
  runtime rt({.workers = 2});
  const auto body = [](task_group& group) -> task<> {
    for (int i = 0; i < 5; ++i) group.spawn(nothing);
    group.close();
    EXPECT_FALSE(group.spawn(nothing));
    co_return;
  };
  const auto with_children = [&]() -> task<> { co_await with_task_group(body); };
  EXPECT_EQ(added_by(rt, [&] { rt.block_on(with_children()); }).spawns, 6u);
}

TEST(runtime_stats, a_task_that_a_stopped_runtime_refuses_is_no_spawn) {
  runtime rt({.workers = 1});
  rt.block_on(nothing());
  rt.stop();
  rt.spawn(nothing).detach();
  EXPECT_EQ(rt.stats().total.spawns, 1u);
}

TEST(runtime_stats, a_join_forks_all_of_its_children_but_one) {
  runtime rt({.workers = 2});
  const auto pair = []() -> task<> { co_await when_all(one(), one()); };
  EXPECT_EQ(added_by(rt, [&] { rt.block_on(pair()); }).forks, 1u);
  const auto alone = []() -> task<> { co_await when_all(one()); };
  EXPECT_EQ(added_by(rt, [&] { rt.block_on(alone()); }).forks, 0u);
  const auto race = []() -> task<> { co_await when_any(one(), one(), one()); };
  EXPECT_EQ(added_by(rt, [&] { rt.block_on(race()); }).forks, 2u);
  const auto many = [](std::size_t count) -> task<> {
    std::vector<task<int>> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(one());
    co_await when_all(std::move(all));
  };
  for (std::size_t count : {0u, 1u, 2u, 100u}) {
    EXPECT_EQ(added_by(rt, [&] { rt.block_on(many(count)); }).forks, count == 0 ? 0 : count - 1);
  }
}

TEST(runtime_stats, a_tree_of_joins_forks_once_a_join_whoever_runs_it) {
  for (unsigned workers : {1u, 3u}) {
    runtime rt({.workers = workers});
    EXPECT_EQ(rt.block_on(fib(16)), 987);
    const runtime_stats now = rt.stats();
    EXPECT_EQ(now.total.forks, 1596u) << workers << " workers";  // fib(17) - 1
    EXPECT_EQ(now.total.spawns, 1u);
  }
}

TEST(runtime_stats, what_one_worker_does_alone_steals_nothing_and_wakes_nobody) {
  runtime rt({.workers = 1});
  rt.block_on(fib(10));
  const worker_stats alone = rt.stats().workers[0];
  EXPECT_EQ(alone.steals + alone.failed_steals + alone.wakes + alone.neighbours_harvested, 0u);
}

TEST(runtime_stats, a_child_that_its_neighbour_has_to_take_is_a_steal) {
  runtime rt({.workers = 2});
  meeting both(2);
  const auto come = [&both]() -> task<> {
    EXPECT_TRUE(both.attend());  // keeps its worker until the other one has the other child
    co_return;
  };
  const auto parent = [&come]() -> task<> { co_await when_all(come(), come()); };
  rt.block_on(parent());
  const runtime_stats now = rt.stats();
  EXPECT_GE(now.total.steals, 1u);
  EXPECT_EQ(now.total.steals, now.workers[0].steals + now.workers[1].steals);
  EXPECT_EQ(both.threads(), 2u);
}

TEST(runtime_stats, a_flood_of_spawns_on_one_worker_overflows_its_queue) {
  constexpr std::uint64_t flood = 1000;
  runtime rt({.workers = 1});
  const auto spawns = [](std::uint64_t count) -> task<> {
    for (std::uint64_t i = 0; i < count; ++i) spawn(nothing).detach();
    co_return;
  };
  rt.block_on(spawns(10));
  EXPECT_EQ(rt.stats().total.overflowed, 0u);
  rt.block_on(spawns(flood));
  EXPECT_GT(rt.stats().total.overflowed, 0u);
  EXPECT_LE(rt.stats().total.overflowed, flood);
}

TEST(runtime_stats, a_timer_is_found_by_a_poll) {
  runtime rt({.workers = 1});
  // A timer that is due before it is set does not wait.
  EXPECT_TRUE(eventually([&] {
    const std::uint64_t before = rt.stats().workers[0].polls;
    rt.block_on(sleep_for(std::chrono::milliseconds(1)));
    return rt.stats().workers[0].polls > before;
  }));
}

TEST(runtime_stats, a_sleeping_worker_that_is_given_a_task_was_parked_and_woken_by_an_outsider) {
  runtime rt({.workers = 1});
  // Now and then it is still awake when the task comes.
  EXPECT_TRUE(eventually([&] {
    rt.block_on(nothing());
    return rt.stats().outsiders.wakes > 0;
  }));
  const runtime_stats now = rt.stats();
  EXPECT_GE(now.workers[0].parks, 1u);
  EXPECT_EQ(now.total.wakes, now.outsiders.wakes);
}

TEST(runtime_stats, forks_that_wake_a_sleeper_are_counted_among_the_wakes) {
  const calm undisturbed;
  runtime rt({.workers = 2});
  EXPECT_TRUE(eventually([&] {
    rt.block_on(fib(2));
    return rt.stats().total.wakes_for_forks > 0;
  }));
  for (const worker_stats& each : rt.stats().workers) EXPECT_LE(each.wakes_for_forks, each.wakes);
}

TEST(runtime_stats, of_two_runtimes_are_apart_and_the_ones_worker_is_the_others_outsider) {
  runtime one_of_them({.workers = 1}), other({.workers = 1});
  const auto visit = [&other]() -> task<> { co_await other.spawn(one); };
  one_of_them.block_on(visit());
  EXPECT_EQ(one_of_them.stats().total.spawns, 1u);
  EXPECT_EQ(other.stats().total.spawns, 1u);
  EXPECT_EQ(other.stats().outsiders.spawns, 1u);
}

TEST(runtime_stats, stay_when_the_runtime_has_stopped) {
  runtime rt({.workers = 2});
  rt.block_on(fib(5));
  rt.stop();
  const runtime_stats now = rt.stats();
  EXPECT_EQ(now.total.spawns, 1u);
  EXPECT_EQ(now.total.forks, 7u);
  EXPECT_EQ(now, rt.stats());
}

TEST(runtime_stats, are_read_by_tasks_and_by_others_while_they_grow_and_never_shrink) {
  runtime rt({.workers = 2});
  std::atomic<bool> is_over{false};
  std::thread reader([&] {
    runtime_stats before = rt.stats();
    while (!is_over.load()) {
      runtime_stats now = rt.stats();
      for (std::size_t i = 0; i < 2; ++i) {
        ASSERT_GE(now.workers[i].jobs, before.workers[i].jobs);
        ASSERT_GE(now.workers[i].forks, before.workers[i].forks);
        ASSERT_GE(now.workers[i].polls, before.workers[i].polls);
        ASSERT_GE(now.workers[i].failed_steals, before.workers[i].failed_steals);
      }
      ASSERT_GE(now.outsiders.spawns, before.outsiders.spawns);
      before = std::move(now);
    }
  });
  const auto reads = [&rt]() -> task<> {
    const std::uint64_t before = rt.stats().total.forks;
    co_await fib(10);
    EXPECT_GE(rt.stats().total.forks, before + 88);
  };
  const std::size_t rounds = scaled(200);
  for (std::size_t i = 0; i < rounds; ++i) rt.block_on(reads());
  is_over = true;
  reader.join();
  EXPECT_EQ(rt.stats().total.spawns, rounds);
}

TEST(runtime_stats, as_text_name_each_worker_and_each_number) {
  runtime rt({.workers = 2});
  rt.block_on(fib(5));
  const std::string text = weft::to_string(rt.stats());
  for (const char* each : {"all: ", "worker 0: ", "worker 1: ", "outsiders: 1 spawns", " jobs", "1 spawns",
                           "7 forks", " steals", " failed steals", " parks", " wakes", " for forks",
                           " overflowed", " polls", " neighbours harvested"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in:\n" << text;
  }
}

}  // namespace
}  // namespace weft::test
