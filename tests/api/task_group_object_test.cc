// A plain task_group: for owners that are no coroutines. Spawned into and joined from anywhere.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/task_group.h"
#include "weft/timeout.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(task_group_object, G1_joins_children_that_were_spawned_from_any_thread) {
  runtime rt({.workers = 2});
  task_group group(rt);
  std::atomic<int> ended = 0;
  const auto child = [&]() -> task<> {
    co_await yield_now();
    ended.fetch_add(1);
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(group.spawn(child));
    });
  }
  for (std::thread& each : threads) each.join();
  rt.block_on(group.join());
  EXPECT_EQ(ended, 2000);
  EXPECT_EQ(group.size(), 0u);
}

TEST(task_group_object, join_throws_what_a_child_threw) {
  runtime rt({.workers = 2});
  task_group group(rt);
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("child");
  };
  EXPECT_TRUE(group.spawn(fails));
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(group.join());
              return 0;
            }),
            "child");
}

TEST(task_group_object, request_stop_ends_the_children_and_join_returns_without_an_error) {
  runtime rt({.workers = 2});
  task_group group(rt);
  record log;
  const auto waits = [&]() -> task<> {
    const mark local(log, "unwound");
    co_await sleep_for(1h);
  };
  EXPECT_TRUE(group.spawn(waits));
  group.request_stop();
  rt.block_on(group.join());
  for (const std::string& each : log.all()) EXPECT_EQ(each, "unwound");
}

TEST(task_group_object, G18_stopped_before_its_first_child_refuses_it_and_after_its_join_changes_nothing) {
  runtime rt({.workers = 1});
  census here;
  task_group group(rt);
  group.request_stop();
  const auto never = [](resident) -> task<> {
    ADD_FAILURE() << "a child of a stopped group ran";
    co_return;
  };
  const bool is_in = group.spawn(never, resident(here));
  EXPECT_FALSE(is_in);
  EXPECT_EQ(here.living(), 0);
  rt.block_on(group.join());
  group.request_stop();
  group.request_stop();
  rt.block_on(group.join());
}

TEST(task_group_object, G13_refuses_a_spawn_after_join_and_destroys_what_it_was_given) {
  runtime rt({.workers = 1});
  task_group group(rt);
  rt.block_on(group.join());
  census here;
  std::atomic<int> ran = 0;
  const auto never = [&](resident) -> task<> {
    ++ran;
    co_return;
  };
  EXPECT_FALSE(group.spawn(never, resident(here)));
  EXPECT_EQ(here.living(), 0);
  EXPECT_EQ(ran, 0);
}

TEST(task_group_object, that_is_closed_refuses_newcomers_and_lets_the_children_end) {
  runtime rt({.workers = 2});
  task_group group(rt);
  record log;
  door held;
  const auto child = [&]() -> task<> {
    co_await held.pass();
    log.note("ended");
  };
  EXPECT_TRUE(group.spawn(child));
  EXPECT_TRUE(held.is_reached());
  group.close();
  group.close();
  EXPECT_FALSE(group.spawn(child));
  EXPECT_EQ(group.size(), 1u);
  held.open();
  rt.block_on(group.join());
  EXPECT_EQ(log.all(), lines{"ended"});
  group.close();
}

TEST(task_group_object, that_is_closed_and_refuses_still_gives_the_result_of_its_body) {
  runtime rt({.workers = 1});
  const auto never = []() -> task<> { co_return; };
  const auto body = [&](task_group& group) -> task<int> {
    group.close();
    EXPECT_FALSE(group.spawn(never));
    co_await yield_now();
    co_return 7;
  };
  EXPECT_EQ(rt.block_on(with_task_group(body)), 7);
}

TEST(task_group_object, without_children_joins_at_once_and_may_die_without_a_join) {
  runtime rt({.workers = 1});
  {
    task_group joined(rt);
    rt.block_on(joined.join());
  }
  {
    task_group never_used(rt);
  }
}

TEST(task_group_object, that_was_joined_without_an_error_may_be_joined_again) {
  runtime rt({.workers = 1});
  task_group group(rt);
  rt.block_on(group.join());
  rt.block_on(group.join());
}

TEST(task_group_object, whose_joiner_was_stopped_can_be_joined_again) {
  runtime rt({.workers = 2});
  task_group group(rt);
  door held;
  const auto child = [&]() -> task<> { co_await held.pass(); };
  EXPECT_TRUE(group.spawn(child));
  EXPECT_TRUE(held.is_reached());
  EXPECT_THROW(rt.block_on(with_timeout(5ms, group.join())), timeout_error);
  EXPECT_EQ(group.size(), 1u);
  held.open();
  rt.block_on(group.join());
  EXPECT_EQ(group.size(), 0u);
}

TEST(task_group_object, ends_with_the_runtime_that_stops) {
  census here;
  runtime rt({.workers = 2});
  task_group group(rt);
  door reached;
  const auto waits = [&]() -> task<> {
    const resident local(here);
    co_await reached.pass();
  };
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn(waits));
  EXPECT_TRUE(reached.is_reached(10));
  rt.stop();
  EXPECT_EQ(here.living(), 0);
  EXPECT_EQ(group.size(), 0u);
  EXPECT_FALSE(group.spawn(waits));
}

TEST(task_group_object, made_on_a_runtime_that_has_stopped_refuses_everything) {
  runtime rt({.workers = 1});
  rt.stop();
  task_group group(rt);
  const auto never = []() -> task<> { co_return; };
  EXPECT_FALSE(group.spawn(never));
}

// The window is small: many rounds.
TEST(task_group_object, lets_the_runtime_stop_while_other_threads_spawn) {
  for (int round = 0; round < 50; ++round) {
    runtime rt({.workers = 1});
    task_group group(rt);
    std::atomic<bool> is_spawning = false;
    std::atomic<bool> is_over = false;
    const auto child = []() -> task<> { co_await yield_now(); };
    std::thread spawner([&] {
      while (!is_over) {
        static_cast<void>(group.spawn(child));
        is_spawning = true;
      }
    });
    EXPECT_TRUE(eventually([&] { return is_spawning.load(); }));
    rt.stop();
    is_over = true;
    spawner.join();
    EXPECT_EQ(group.size(), 0u);
  }
}

TEST(task_group_object, refuses_spawns_of_other_threads_while_it_is_stopped_and_joined) {
  for (int round = 0; round < 50; ++round) {
    runtime rt({.workers = 2});
    task_group group(rt);
    std::atomic<bool> is_over = false;
    const auto child = []() -> task<> { co_await yield_now(); };
    std::thread spawner([&] {
      while (!is_over) static_cast<void>(group.spawn(child));
    });
    group.request_stop();
    rt.block_on(group.join());
    is_over = true;
    spawner.join();
    EXPECT_EQ(group.size(), 0u);
  }
}

TEST(task_group_object_death, destroying_one_with_live_children_fails_with_words) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        task_group group(rt);
        const auto waits = []() -> task<> { co_await sleep_for(1h); };
        static_cast<void>(group.spawn(waits));
      },
      "joined before it is destroyed");
}

}  // namespace
}  // namespace weft::test
