// Stops and groups: a group forwards an outside stop, and swallows only its own.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/task_group.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<> waits_for_ever(record& log, std::string name) {
  const mark local(log, name);
  co_await sleep_for(1h);
  log.note(name + " went on after a stop");
}

TEST(task_group_stop, G8_from_outside_reaches_children_and_body_and_then_goes_on_unwinding) {
  runtime rt({.workers = 1});
  record log;
  door reached;
  const auto body = [&](task_group& group) -> task<> {
    const mark local(log, "body");
    EXPECT_TRUE(group.spawn(&waits_for_ever, std::ref(log), "child"));
    co_await reached.pass();
  };
  const auto parent = [&]() -> task<> {
    const mark local(log, "parent");
    co_await with_task_group(body);
    log.note("parent went on");
  };
  auto handle = rt.spawn(parent);
  EXPECT_TRUE(reached.is_reached());
  let_all_wait(rt);
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  const lines all = log.all();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.back(), "parent");
}

TEST(task_group_stop, G15_that_is_repeated_while_the_group_waits_does_not_make_it_leave_early) {
  runtime rt({.workers = 2});
  gate held;
  std::atomic<bool> has_ended = false;
  const auto child = [&]() -> task<> {
    co_await spawn_blocking([&] { held.pass(); });
    has_ended = true;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child));
    co_return;
  };
  const auto parent = [&]() -> task<> {
    struct looks {
      std::atomic<bool>& has_ended;
      ~looks() { EXPECT_TRUE(has_ended); }
    };
    const looks at_the_end{has_ended};
    co_await with_task_group(body);
  };
  auto handle = rt.spawn(parent);
  EXPECT_TRUE(held.is_reached());
  for (int i = 0; i < 100; ++i) {
    handle.request_stop();
    EXPECT_FALSE(handle.is_done());
  }
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  try {
    rt.block_on(join());
  } catch (const stopped_error&) {
  }
  EXPECT_TRUE(has_ended);
}

TEST(task_group_stop, G18_by_the_group_itself_ends_it_without_an_error_and_the_caller_goes_on) {
  runtime rt({.workers = 2});
  record log;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&waits_for_ever, std::ref(log), "child"));
    group.request_stop();
    group.request_stop();
    const bool is_in = group.spawn(&waits_for_ever, std::ref(log), "late");
    EXPECT_FALSE(is_in);
    co_await sleep_for(1h);
    log.note("the body went on after the group was stopped");
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    const inplace_stop_token token = co_await current_stop_token();
    EXPECT_FALSE(token.stop_requested()) << "the group's stop reached its caller";
    co_await yield_now();
    log.note("parent goes on");
  };
  rt.block_on(parent());
  EXPECT_EQ(log.all().back(), "parent goes on");
  for (const std::string& each : log.all()) EXPECT_EQ(each.find("went on"), std::string::npos) << each;
}

TEST(task_group_stop, by_the_group_itself_after_the_body_has_its_result_keeps_the_result) {
  runtime rt({.workers = 2});
  const auto child = [](task_group& group) -> task<> {
    group.request_stop();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<int> {
    EXPECT_TRUE(group.spawn(child, std::ref(group)));
    co_return 5;
  };
  // The body never waits, so the stop cannot end it.
  EXPECT_EQ(rt.block_on(with_task_group(body)), 5);
}

TEST(task_group_stop, by_the_group_itself_before_the_body_has_its_result_throws_stopped_error) {
  runtime rt({.workers = 1});
  const auto body = [](task_group& group) -> task<int> {
    group.request_stop();
    co_await sleep_for(1h);
    co_return 5;
  };
  EXPECT_THROW(rt.block_on(with_task_group(body)), stopped_error);
}

TEST(task_group_stop, G19_asked_by_a_child_before_it_first_waits_stops_that_child_too) {
  runtime rt({.workers = 2});
  record log;
  const auto child = [&](task_group& group) -> task<> {
    const mark local(log, "child");
    group.request_stop();
    co_await yield_now();
    log.note("the child went on");
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child, std::ref(group)));
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(log.all(), lines{"child"});
}

TEST(task_group_stop, G20_G24_of_its_own_does_not_hide_one_from_outside) {
  runtime rt({.workers = 2});
  record log;
  gate held;
  const auto child = [&]() -> task<> { co_await spawn_blocking([&] { held.pass(); }); };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child));
    EXPECT_TRUE(held.is_reached());
    group.request_stop();
    co_await sleep_for(1h);
  };
  const auto parent = [&]() -> task<> {
    const mark local(log, "parent unwound");
    co_await with_task_group(body);
    co_await yield_now();
    log.note("parent went on");
  };
  auto handle = rt.spawn(parent);
  EXPECT_TRUE(held.is_reached());
  handle.request_stop();
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"parent unwound"});
}

TEST(task_group_stop, G20_of_its_own_does_not_hide_a_timeout_around_it) {
  runtime rt({.workers = 2});
  record log;
  const auto ends_after_the_groups_stop = [&]() -> task<> {
    EXPECT_TRUE(eventually([] { return is_stopping(); }));
    log.note("the group is stopping");
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(ends_after_the_groups_stop);
    group.request_stop();
    co_await sleep_for(1h);
  };
  const auto parent = [&]() -> task<> {
    const mark local(log, "parent unwound");
    co_await with_task_group(body);
    EXPECT_TRUE(eventually([] { return is_stopping(); })) << "the timeout's stop is not to be seen";
    co_await yield_now();
    log.note("parent went on");
  };
  EXPECT_THROW(rt.block_on(with_timeout(1ms, parent())), timeout_error);
  EXPECT_EQ(log.all().back(), "parent unwound");
}

TEST(task_group_stop, G21_that_a_child_ignores_keeps_the_group_waiting) {
  runtime rt({.workers = 2});
  std::atomic<bool> may_end = false;
  std::atomic<bool> is_running = false;
  const auto ignores = [&]() -> task<> {
    is_running = true;
    EXPECT_TRUE(eventually([&] { return may_end.load(); }));
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(ignores));
    co_return;
  };
  const auto parent = [&]() -> task<> { co_await with_task_group(body); };
  auto handle = rt.spawn(parent);
  EXPECT_TRUE(eventually([&] { return is_running.load(); }));
  handle.request_stop();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(handle.is_done());
    std::this_thread::yield();
  }
  may_end = true;
  const auto join = [&]() -> task<> { co_await handle; };
  try {
    rt.block_on(join());
  } catch (const stopped_error&) {
  }
}

TEST(task_group_stop, G24_of_an_inner_group_leaves_the_outer_one_alone) {
  runtime rt({.workers = 2});
  record log;
  const auto inner = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&waits_for_ever, std::ref(log), "inner child"));
    group.request_stop();
    co_return;
  };
  door held;
  const auto outer_child = [&]() -> task<> {
    co_await held.pass();
    log.note("outer child ends");
  };
  const auto outer = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(outer_child));
    co_await with_task_group(inner);
    held.open();
  };
  rt.block_on(with_task_group(outer));
  EXPECT_EQ(log.all().back(), "outer child ends");
}

TEST(task_group_stop, before_the_group_is_entered_means_that_nothing_runs) {
  runtime rt({.workers = 1});
  std::atomic<int> ran = 0;
  const auto body = [&](task_group&) -> task<> {
    ++ran;
    co_return;
  };
  EXPECT_THROW(rt.block_on(with_timeout(0s, with_task_group(body))), timeout_error);
  EXPECT_EQ(ran, 0);
}

}  // namespace
}  // namespace weft::test
