// co_await group.fork(): the child first, the rest of the caller for whoever is free.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/chaos.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/task_group.h"
#include "weft/when_all.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

TEST(task_group_fork, goes_into_the_child_before_the_caller_goes_on) {
  const calm order_is_what_this_is_about;
  runtime rt({.workers = 1});
  record order;
  const auto child = [&](int number) -> task<> {
    order.note("child " + std::to_string(number));
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(co_await group.fork(child, i));
      order.note("after " + std::to_string(i));
    }
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(order.all(), (lines{"child 0", "after 0", "child 1", "after 1", "child 2", "after 2"}));
}

TEST(task_group_fork, lets_another_worker_take_the_caller_while_the_child_keeps_this_one) {
  runtime rt({.workers = 2});
  meeting both(2);
  const auto child = [&]() -> task<> {
    EXPECT_TRUE(both.attend());
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(co_await group.fork(child));
    EXPECT_TRUE(both.attend());
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(both.threads(), 2u);
}

TEST(task_group_fork, goes_on_when_the_child_waits) {
  runtime rt({.workers = 1});
  door held;
  const auto child = [&]() -> task<> { co_await held.pass(); };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(co_await group.fork(child));
    EXPECT_TRUE(co_await group.fork(child));
    EXPECT_TRUE(held.is_reached(2));
    EXPECT_EQ(group.size(), 2u);
    held.open();
  };
  rt.block_on(with_task_group(body));
}

TEST(task_group_fork, in_a_long_loop_keeps_few_children_alive) {
  constexpr int count = static_cast<int>(scaled(100'000));
  for (const unsigned workers : {1U, 3U}) {
    runtime rt({.workers = workers});
    census here;
    std::atomic<int> most = 0;
    const auto child = [&](resident) -> task<> {
      const int now = here.living();
      for (int seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      co_return;
    };
    std::atomic<int> forked = 0;
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < count; ++i) {
        if (co_await group.fork(child, resident(here))) ++forked;
      }
    };
    rt.block_on(with_task_group(body));
    EXPECT_EQ(forked, count);
    EXPECT_EQ(here.living(), 0);
    // For each worker one child, and the copies that its call and its frame hold; spawned ones would all be there.
    EXPECT_LE(most, 16 * static_cast<int>(workers));
  }
}

TEST(task_group_fork, of_children_that_fork_is_left_when_all_have_ended) {
  struct tree {
    static task<> grow(task_group& group, std::atomic<int>& leaves, int height) {
      if (height == 0) {
        leaves.fetch_add(1);
        co_return;
      }
      EXPECT_TRUE(co_await group.fork(&grow, std::ref(group), std::ref(leaves), height - 1));
      EXPECT_TRUE(co_await group.fork(&grow, std::ref(group), std::ref(leaves), height - 1));
    }
  };
  runtime rt({.workers = 3});
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> leaves = 0;
    const auto body = [&](task_group& group) { return tree::grow(group, leaves, 8); };
    rt.block_on(with_task_group(body));
    EXPECT_EQ(leaves, 256);
  }
}

// The caller is a child of a join, whose siblings stand in the same queue.
TEST(task_group_fork, by_siblings_of_a_join_gives_each_its_own) {
  runtime rt({.workers = 2});
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ran = 0;
    const auto child = [&]() -> task<> {
      ran.fetch_add(1);
      if (round % 2 == 0) co_await yield_now();
    };
    const auto body = [&](task_group& group) -> task<> {
      const auto forks = [&](int times) -> task<int> {
        for (int i = 0; i < times; ++i) EXPECT_TRUE(co_await group.fork(child));
        co_return times;
      };
      const auto [one, two, three] = co_await when_all(forks(1), forks(2), forks(3));
      EXPECT_EQ(one + two + three, 6);
    };
    rt.block_on(with_task_group(body));
    ASSERT_EQ(ran, 6);
  }
}

TEST(task_group_fork, whose_child_fails_stops_the_others_and_the_caller) {
  runtime rt({.workers = 1});
  bool went_on = false;
  std::string text;
  const auto fails = []() -> task<> {
    throw std::runtime_error("the child");
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(co_await group.fork(fails));
    EXPECT_FALSE(co_await group.fork(fails));
    co_await yield_now();
    went_on = true;
  };
  const auto caller = [&]() -> task<> {
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& thrown) {
      text = thrown.what();
    }
  };
  rt.block_on(caller());
  EXPECT_EQ(text, "the child");
  EXPECT_FALSE(went_on);
}

TEST(task_group_fork, is_refused_by_a_closed_group_which_destroys_what_it_was_given) {
  runtime rt({.workers = 1});
  census here;
  const auto child = [](resident) -> task<> {
    ADD_FAILURE() << "a child of a closed group ran";
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    group.close();
    EXPECT_FALSE(co_await group.fork(child, resident(here)));
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(with_task_group(body));
}

TEST(task_group_fork, reaches_a_caller_that_waits_in_the_queue_by_a_stop) {
  runtime rt({.workers = 1});
  gate held;
  bool went_on = false;
  const auto child = [&]() -> task<> {
    held.pass();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(co_await group.fork(child));
    co_await yield_now();
    went_on = true;
  };
  auto handle = rt.spawn(with_task_group(body));
  ASSERT_TRUE(held.is_reached());
  handle.request_stop();
  held.open();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_FALSE(went_on);
  handle.detach();
}

TEST(task_group_fork, into_a_group_of_another_runtime_runs_there) {
  runtime there({.workers = 1});
  runtime here({.workers = 1});
  const auto thread = []() -> task<std::thread::id> { co_return std::this_thread::get_id(); };
  const std::thread::id worker_there = there.block_on(thread());
  std::thread::id ran_on;
  task_group group(there);
  const auto child = [&]() -> task<> {
    ran_on = std::this_thread::get_id();
    co_return;
  };
  const auto forks = [&]() -> task<> {
    EXPECT_TRUE(co_await group.fork(child));
    co_await group.join();
  };
  here.block_on(forks());
  EXPECT_EQ(ran_on, worker_there);
}

}  // namespace
}  // namespace weft::test
