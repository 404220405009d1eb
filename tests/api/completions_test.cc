// completions: the ends of children, one by one, in the order in which they end.
// SPDX-License-Identifier: Apache-2.0
#include "weft/completions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(completions, K1_come_in_the_order_in_which_the_children_end_and_then_none) {
  runtime rt({.workers = 2});
  door first;
  door second;
  const auto waits = [](door* at, int value) -> task<std::unique_ptr<int>> {
    co_await at->pass();
    co_return std::make_unique<int>(value);
  };
  const auto body = [&](task_group& group) -> task<> {
    completions<std::unique_ptr<int>> ends(group);
    const bool is_empty = !(co_await ends.next()).has_value();
    EXPECT_TRUE(is_empty) << "nothing was spawned";
    EXPECT_TRUE(ends.spawn(waits, &first, 1));
    EXPECT_TRUE(ends.spawn(waits, &second, 2));
    EXPECT_EQ(ends.size(), 2u);
    second.open();
    auto one = co_await ends.next();
    EXPECT_EQ(***one, 2);
    first.open();
    auto other = co_await ends.next();
    EXPECT_EQ(***other, 1);
    const auto none = co_await ends.next();
    EXPECT_FALSE(none.has_value());
  };
  rt.block_on(with_task_group(body));
}

TEST(completions, K1_an_error_is_the_outcome_of_its_child_and_stops_nobody) {
  runtime rt({.workers = 2});
  const auto child = [](int i) -> task<int> {
    co_await yield_now();
    if (i % 2 == 1) throw std::runtime_error(std::to_string(i));
    co_return i;
  };
  int values = 0;
  int errors = 0;
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(ends.spawn(child, i));
    while (auto end = co_await ends.next()) (end->has_value() ? values : errors) += 1;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(values, 50);
  EXPECT_EQ(errors, 50);
}

TEST(completions, K1_after_a_stop_of_the_group_every_child_has_a_stopped_end) {
  runtime rt({.workers = 2});
  const auto waits = []() -> task<> { co_await sleep_for(1h); };
  task_group group(rt);
  completions<> ends(group);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(ends.spawn(waits));
  group.request_stop();
  EXPECT_FALSE(ends.spawn(waits)) << "and a refused one has none";
  int stopped = 0;
  const auto drain = [&]() -> task<> {
    while (auto end = co_await ends.next()) stopped += end->is_stopped() ? 1 : 0;
    co_await group.join();
  };
  rt.block_on(drain());
  EXPECT_EQ(stopped, 50);
}

TEST(completions, K1_a_stopped_next_loses_no_end) {
  runtime rt({.workers = 2});
  constexpr int count = 300;
  const auto child = [](int i) -> task<int> {
    co_await sleep_for(std::chrono::microseconds(i * 5));
    co_return i;
  };
  int sum = 0;
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    for (int i = 0; i < count; ++i) EXPECT_TRUE(ends.spawn(child, i));
    while (true) {
      std::optional<outcome<int>> end;
      try {
        end = co_await with_timeout(20us, ends.next());
      } catch (const timeout_error&) {
        continue;
      }
      if (!end) break;
      sum += end->value();
    }
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(sum, count * (count - 1) / 2);
}

TEST(completions, may_be_taken_by_several_tasks_and_spawned_meanwhile) {
  runtime rt({.workers = 3});
  std::atomic<int> taken = 0;
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    const auto leaf = []() -> task<int> {
      co_await yield_now();
      co_return 1;
    };
    const auto spawns_more = [&]() -> task<int> {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(ends.spawn(leaf));
      co_return 1;
    };
    const auto takes = [&]() -> task<> {
      while (auto end = co_await ends.next()) taken += end->value();
    };
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(ends.spawn(spawns_more));
    const auto takers = [&](task_group& several) -> task<> {
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(several.spawn(takes));
      co_return;
    };
    co_await with_task_group(takers);
    // The last takers may have left while a child was about to spawn.
    co_await takes();
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(taken, 330);
}

TEST(completions, K1_that_nobody_takes_are_awaited_by_the_group_and_their_errors_are_reported) {
  std::atomic<int> reported = 0;
  census here;
  runtime_options options;
  options.workers = 2;
  options.on_unhandled_error = [&](const unhandled_error&) { ++reported; };
  runtime rt(options);
  const auto fails = [&](resident) -> task<int> {
    co_await yield_now();
    throw std::runtime_error("lost");
  };
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(ends.spawn(named("loser"), fails, resident(here)));
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(here.living(), 0);
  EXPECT_TRUE(eventually([&] { return reported == 10; }));
}

}  // namespace
}  // namespace weft::test
