// with_task_group: children that cannot outlive it. Errors are in task_group_error_test.cc, stops in
// task_group_stop_test.cc, groups without a coroutine in task_group_object_test.cc.
// SPDX-License-Identifier: Apache-2.0
#include "weft/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(task_group, G1_is_left_only_when_every_child_has_ended) {
  runtime rt({.workers = 2});
  census here;
  const auto child = [&](int yields) -> task<> {
    const resident local(here);
    for (int i = 0; i < yields; ++i) co_await yield_now();
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(group.spawn(child, i));
    co_return;
  };
  const auto leaves = [&]() -> task<> {
    co_await with_task_group(body);
    EXPECT_EQ(here.born(), 100);
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(leaves());
}

TEST(task_group, G1_G11_waits_for_children_that_were_spawned_by_children) {
  runtime rt({.workers = 2});
  std::atomic<int> ended = 0;
  struct family {
    static task<> member(task_group& group, std::atomic<int>& ended, int generations) {
      co_await yield_now();
      if (generations > 0) {
        EXPECT_TRUE(group.spawn(&member, std::ref(group), std::ref(ended), generations - 1));
        EXPECT_TRUE(group.spawn(&member, std::ref(group), std::ref(ended), generations - 1));
      }
      ended.fetch_add(1);
    }
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&family::member, std::ref(group), std::ref(ended), 8));
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(ended, 511);
}

TEST(task_group, G2_without_an_error_gives_the_result_of_its_body) {
  runtime rt({.workers = 2});
  int target = 0;
  const auto body = [&](task_group& group) -> task<std::unique_ptr<int>> {
    const auto adds = [](int& to) -> task<> {
      to += 1;
      co_return;
    };
    EXPECT_TRUE(group.spawn(adds, std::ref(target)));
    co_return std::make_unique<int>(5);
  };
  EXPECT_EQ(*rt.block_on(with_task_group(body)), 5);
  EXPECT_EQ(target, 1);
}

TEST(task_group, spawn_returns_before_the_child_runs) {
  runtime rt({.workers = 1});
  record log;
  const auto child = [&]() -> task<> {
    log.note("child");
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child));
    log.note("spawned");
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(log.all(), (lines{"spawned", "child"}));
}

TEST(task_group, children_run_at_once_on_idle_workers) {
  for (const unsigned workers : {2u, 3u, 4u}) {
    runtime rt({.workers = workers});
    meeting all(workers);
    const auto child = [&]() -> task<> {
      EXPECT_TRUE(all.attend());
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      for (unsigned i = 0; i < workers; ++i) EXPECT_TRUE(group.spawn(child));
      co_return;
    };
    rt.block_on(with_task_group(body));
    EXPECT_EQ(all.threads(), workers);
  }
}

TEST(task_group, keeps_callable_and_arguments_alive_as_long_as_the_child) {
  runtime rt({.workers = 1});
  census here;
  const auto body = [&](task_group& group) -> task<> {
    // A lambda with captures, gone from here when spawn() returns.
    const bool is_in = group.spawn(
        [&here, captured = resident(here)](const resident&, std::string text) -> task<> {
          co_await yield_now();
          EXPECT_GE(here.living(), 2);
          EXPECT_EQ(text, "a text that is too long to be kept in place");
        },
        resident(here), std::string("a text that is too long to be kept in place"));
    EXPECT_TRUE(is_in);
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(here.living(), 0);
}

TEST(task_group, keeps_the_callable_of_its_body_alive) {
  runtime rt({.workers = 1});
  census here;
  const auto starts = [&] {
    return with_task_group([&here, captured = resident(here)](task_group&) -> task<> {
      co_await yield_now();
      EXPECT_GE(here.living(), 1);
    });
  };
  rt.block_on(starts());
  EXPECT_EQ(here.living(), 0);
}

TEST(task_group, counts_the_children_that_have_not_ended) {
  runtime rt({.workers = 1});
  door held;
  const auto child = [&]() -> task<> { co_await held.pass(); };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_EQ(group.size(), 0u);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(group.spawn(child));
    EXPECT_EQ(group.size(), 3u);
    held.open();
    while (group.size() > 0) co_await yield_now();
  };
  rt.block_on(with_task_group(body));
}

TEST(task_group, may_be_nested) {
  runtime rt({.workers = 2});
  std::atomic<int> ended = 0;
  const auto leaf = [&]() -> task<> {
    co_await yield_now();
    ++ended;
  };
  const auto inner = [&](task_group& group) -> task<> {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn(leaf));
    co_return;
  };
  const auto child = [&]() -> task<> {
    co_await with_task_group(inner);
    EXPECT_GE(ended, 10);
  };
  const auto outer = [&](task_group& group) -> task<> {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn(child));
    co_return;
  };
  rt.block_on(with_task_group(outer));
  EXPECT_EQ(ended, 100);
}

TEST(task_group, of_a_hundred_thousand_children_ends) {
  runtime rt({.workers = 2});
  std::atomic<int> ended = 0;
  const auto child = [&]() -> task<> {
    ended.fetch_add(1, std::memory_order_relaxed);
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 100'000; ++i) EXPECT_TRUE(group.spawn(child));
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(ended, 100'000);
}

TEST(task_group, N7_is_not_begun_when_the_callable_of_its_body_throws) {
  runtime rt({.workers = 1});
  const auto throws_instead = [](task_group&) -> task<> { throw std::runtime_error("no task"); };
  struct callable {
    task<> operator()(task_group& group) const { return (*made)(group); }
    const decltype(throws_instead)* made;
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(with_task_group(callable{&throws_instead}));
              return 0;
            }),
            "no task");
}

}  // namespace
}  // namespace weft::test
