// Groups that gave their caller missing work, lost their last arrival, or died before their children.
// SPDX-License-Identifier: Apache-2.0
#include "weft/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/stop.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr auto long_enough = 20s;

task<> waits_at(door& where) {
  co_await where.pass();
}
task<> nothing() {
  co_return;
}

TEST(task_group_regress, a_stopped_caller_does_not_go_on_when_children_were_cut_short) {
  runtime rt({.workers = 1});
  door never;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(waits_at, std::ref(never)));
    EXPECT_TRUE(group.spawn(waits_at, std::ref(never)));
    co_return;
  };
  bool went_on = false;
  const auto caller = [&]() -> task<> {
    co_await with_task_group(body);
    went_on = true;
  };
  auto handle = rt.spawn(caller);
  ASSERT_TRUE(never.is_reached(2));
  let_all_wait(rt);  // the body has ended by itself
  handle.request_stop();
  ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_FALSE(went_on);
  const auto awaits = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(awaits()), stopped_error);
}

TEST(task_group_regress, a_stopped_caller_does_not_go_on_when_a_child_was_refused) {
  runtime rt({.workers = 2});  // one is kept by the body, the other forwards the stop
  gate reached;
  const auto body = [&](task_group& group) -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    reached.pass();
    EXPECT_TRUE(eventually([&] { return token.stop_requested(); }));
    // The body itself ends whole: there is no stop point on its way.
    EXPECT_FALSE(group.spawn(nothing));
  };
  bool went_on = false;
  const auto caller = [&]() -> task<> {
    co_await with_task_group(body);
    went_on = true;
  };
  auto handle = rt.spawn(caller);
  ASSERT_TRUE(reached.is_reached());
  reached.open();
  handle.request_stop();
  ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_FALSE(went_on);
  handle.detach();
}

// Not a coroutine: it spawns at once, and what it throws comes instead of a task.
TEST(task_group_regress, a_callable_that_spawns_and_then_throws_leaves_no_child_behind) {
  runtime rt({.workers = 1});
  census here;
  door never;
  const auto child = [&](resident) -> task<> { co_await never.pass(); };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child, resident(here)));
    if (here.living() > 0) throw std::runtime_error("instead of a task");
    return nothing();
  };
  const auto caller = [&]() -> task<> {
    std::string text;
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& thrown) {
      text = thrown.what();
    }
    EXPECT_EQ(text, "instead of a task");
    EXPECT_EQ(here.living(), 0) << "a child outlives its group";
  };
  rt.block_on(caller());
  never.open();
}

TEST(task_group_regress, a_group_made_on_a_stopped_runtime_refuses_and_may_be_destroyed) {
  runtime rt({.workers = 2});
  rt.stop();
  for (int i = 0; i < 10; ++i) {
    task_group group(rt);
    EXPECT_FALSE(group.spawn(nothing));
    EXPECT_EQ(group.size(), 0u);
  }
}

TEST(task_group_regress, a_group_made_on_a_stopped_runtime_may_be_joined_on_another) {
  runtime rt({.workers = 2});
  rt.stop();
  runtime other({.workers = 1});
  task_group group(rt);
  EXPECT_NO_THROW(other.block_on(with_timeout(long_enough, group.join())));
}

TEST(task_group_regress, a_group_made_on_a_stopping_runtime_refuses_and_may_be_destroyed) {
  runtime rt({.workers = 2});
  gate held;
  const auto ignores_the_stop = [&]() -> task<> {
    held.pass();
    co_return;
  };
  auto handle = rt.spawn(ignores_the_stop);
  ASSERT_TRUE(held.is_reached());
  std::thread stops([&] { rt.stop(); });
  // Refused tasks are done at once.
  EXPECT_TRUE(eventually([&] {
    auto asks = rt.spawn(nothing);
    const bool is_refused = asks.is_done();
    asks.detach();
    return is_refused;
  }));
  {
    task_group group(rt);
    static_cast<void>(group.spawn(nothing));
    EXPECT_TRUE(eventually([&] { return group.size() == 0; }));
  }
  held.open();
  stops.join();
  handle.detach();
}

TEST(task_group_regress, a_second_join_after_a_failure_throws_the_same_error) {
  runtime rt({.workers = 2});
  const auto fails = []() -> task<> {
    throw std::runtime_error("of a child");
    co_return;
  };
  task_group group(rt);
  EXPECT_TRUE(group.spawn(fails));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(thrown_by([&] {
                rt.block_on(group.join());
                return 0;
              }),
              "of a child");
  }
}

TEST(task_group_regress, a_second_join_after_several_failures_throws_all_of_them_again) {
  runtime rt({.workers = 2});
  meeting both(2);
  const auto fails = [&]() -> task<> {
    EXPECT_TRUE(both.attend());
    throw std::runtime_error("of a child");
    co_return;
  };
  task_group group(rt);
  EXPECT_TRUE(group.spawn(fails));
  EXPECT_TRUE(group.spawn(fails));
  for (int i = 0; i < 2; ++i) {
    try {
      rt.block_on(group.join());
      ADD_FAILURE() << "nothing thrown";
    } catch (const error_group& thrown) {
      ASSERT_EQ(thrown.errors().size(), 2u);
      for (const child_error& each : thrown.errors()) EXPECT_EQ(text_of(each.error), "of a child");
    }
  }
}

// A refused spawn was counted in for a moment; where it was the last to leave, join() waited for ever.
TEST(task_group_regress, joining_while_others_spawn_into_a_stopped_group_ends) {
  runtime rt({.workers = 1});
  for (int round = 0; round < 100; ++round) {
    task_group group(rt);
    group.request_stop();
    std::atomic<bool> is_spawning = false;
    std::atomic<bool> is_over = false;
    std::thread spawns([&] {
      while (!is_over) {
        static_cast<void>(group.spawn(nothing));
        is_spawning = true;
      }
    });
    EXPECT_TRUE(eventually([&] { return is_spawning.load(); }));
    EXPECT_NO_THROW(rt.block_on(with_timeout(long_enough, group.join()))) << "round " << round;
    is_over = true;
    spawns.join();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace weft::test
