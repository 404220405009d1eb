// start(): a child of a group says when it is ready.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
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
#include "weft/task_group.h"
#include "weft/timeout.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(task_group_start, G23_returns_the_value_when_the_child_is_ready_and_the_child_goes_on) {
  runtime rt({.workers = 2});
  record log;
  door held;
  const auto serves = [&](started<int> ready, int port) -> task<> {
    co_await yield_now();
    ready.set(port + 1);
    co_await held.pass();
    log.note("served");
  };
  const auto body = [&](task_group& group) -> task<> {
    const int port = co_await group.start<int>(serves, 8080);
    EXPECT_EQ(port, 8081);
    EXPECT_EQ(group.size(), 1u);
    log.note("started");
    held.open();
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(log.all(), (lines{"started", "served"}));
}

TEST(task_group_start, G23_of_a_child_that_fails_before_it_is_ready_throws_and_the_group_goes_on) {
  runtime rt({.workers = 2});
  record log;
  const auto fails = [](started<> ready) -> task<> {
    const started<> never = std::move(ready);
    co_await yield_now();
    throw std::runtime_error("no port");
  };
  const auto sibling = [&]() -> task<> {
    co_await yield_now();
    log.note("sibling ended");
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(sibling));
    try {
      co_await group.start(fails);
      log.note("started");
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "no port");
    }
    EXPECT_TRUE(group.spawn(sibling)) << "the group has not failed";
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(log.all(), (lines{"sibling ended", "sibling ended"}));
}

TEST(task_group_start, G23_of_a_child_that_ends_without_being_ready_is_an_error) {
  runtime rt({.workers = 1});
  const auto ends = [](started<int>) -> task<> { co_return; };
  const auto body = [&](task_group& group) -> task<> {
    const int value = co_await group.start<int>(ends);
    ADD_FAILURE() << value;
  };
  EXPECT_THROW(rt.block_on(with_task_group(body)), std::logic_error);
}

TEST(task_group_start, G23_of_a_child_that_fails_after_it_was_ready_fails_the_group) {
  runtime rt({.workers = 1});
  bool was_started = false;
  const auto fails = [](started<> ready) -> task<> {
    ready.set();
    co_await yield_now();
    throw std::runtime_error("later");
  };
  const auto body = [&](task_group& group) -> task<> {
    co_await group.start(fails);
    was_started = true;
    co_await sleep_for(1h);
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(with_task_group(body));
              return 0;
            }),
            "later");
  EXPECT_TRUE(was_started);
}

TEST(task_group_start, that_the_group_refuses_throws_stopped_error) {
  runtime rt({.workers = 1});
  const auto never = [](started<> ready) -> task<> {
    ready.set();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    group.close();
    EXPECT_THROW(co_await group.start(never), stopped_error);
  };
  rt.block_on(with_task_group(body));
}

// Before its child was ready: the child goes with it, the group stays.
TEST(task_group_start, G6_that_is_stopped_stops_its_child_and_not_the_group) {
  runtime rt({.workers = 2});
  record log;
  const auto never_ready = [&](started<> ready) -> task<> {
    const mark local(log, "child unwound");
    const started<> kept = std::move(ready);
    co_await sleep_for(1h);
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_THROW(co_await with_timeout(5ms, group.start(never_ready)), timeout_error);
    while (group.size() > 0) co_await yield_now();
    log.note("the body goes on");
  };
  rt.block_on(with_task_group(body));
  // Nothing of the child if the stop came before it ran.
  EXPECT_EQ(log.all().back(), "the body goes on");
}

TEST(task_group_start, may_be_told_by_another_task_or_thread) {
  runtime rt({.workers = 2});
  std::optional<started<std::string>> kept;
  door is_kept;
  const auto hands_on = [&](started<std::string> ready) -> task<> {
    kept.emplace(std::move(ready));
    co_await is_kept.pass();
  };
  const auto body = [&](task_group& group) -> task<> {
    const std::string word = co_await group.start<std::string>(hands_on);
    EXPECT_EQ(word, "from outside");
    is_kept.open();
  };
  auto handle = rt.spawn(with_task_group(body));
  EXPECT_TRUE(is_kept.is_reached());
  kept->set("from outside");
  kept->set("again");
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
}

TEST(task_group_start, of_a_group_that_is_stopped_meanwhile_ends) {
  for (int round = 0; round < 100; ++round) {
    runtime rt({.workers = 2});
    task_group group(rt);
    const auto never_ready = [](started<> ready) -> task<> {
      const started<> local = std::move(ready);
      co_await sleep_for(1h);
    };
    const auto starter = [&]() -> task<> { co_await group.start(never_ready); };
    auto handle = rt.spawn(starter);
    group.request_stop();
    const auto join = [&]() -> task<> {
      EXPECT_THROW(co_await handle, stopped_error);
      co_await group.join();
    };
    rt.block_on(join());
  }
}

}  // namespace
}  // namespace weft::test
