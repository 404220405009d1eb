// unstoppable: a task that no stop from outside reaches, and the stop that takes effect afterwards.
// SPDX-License-Identifier: Apache-2.0
#include "weft/unstoppable.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct shield : testing::Test {
  runtime rt{{.workers = 2}};
  record log;
  door inside;

  task<int> passes_the_door() {
    co_await inside.pass();
    log.note("inner went on");
    co_await yield_now();
    co_return 42;
  }
  template <class T>
  bool is_stopped(join_handle<T>& handle) {
    const auto join = [&]() -> task<bool> {
      try {
        co_await handle;
      } catch (const stopped_error&) {
        co_return true;
      }
      co_return false;
    };
    return rt.block_on(join());
  }
};

TEST_F(shield, lets_value_and_error_pass) {
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("its own");
  };
  inside.open();
  EXPECT_EQ(rt.block_on(unstoppable(passes_the_door())), 42);
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(unstoppable(fails()));
              return 0;
            }),
            "its own");
}

TEST_F(shield, N3_holds_off_a_stop_which_takes_effect_at_the_callers_next_operation) {
  const auto body = [&]() -> task<> {
    const mark local(log, "unwound");
    log.note(std::to_string(co_await unstoppable(passes_the_door())));
    log.note(is_stopping() ? "asked" : "not asked");
    co_await yield_now();
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(inside.is_reached());
  handle.request_stop();
  inside.open();
  EXPECT_TRUE(is_stopped(handle));
  EXPECT_EQ(log.all(), (lines{"inner went on", "42", "asked", "unwound"}));
}

TEST_F(shield, N3_does_not_hold_off_a_timeout_within) {
  const auto sleeps = []() -> task<> { co_await sleep_for(1h); };
  const auto timed = [&]() -> task<> {
    try {
      co_await with_timeout(1ms, sleeps());
    } catch (const timeout_error&) {
      log.note("inner timeout");
    }
    co_await inside.pass();
  };
  const auto body = [&]() -> task<> { co_await unstoppable(timed()); };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(inside.is_reached());
  handle.request_stop();
  inside.open();
  EXPECT_FALSE(is_stopped(handle)) << "it did not wait any more";
  EXPECT_EQ(log.all(), lines{"inner timeout"});
}

TEST_F(shield, holds_off_a_timeout_around_it) {
  const auto body = [&]() -> task<> {
    // The door is opened by the timeout itself: it has come before the shield ends.
    const inplace_stop_callback opens(co_await current_stop_token(), [&] { inside.open(); });
    static_cast<void>(co_await unstoppable(passes_the_door()));
    log.note("shield passed");
    co_await yield_now();
    log.note("went on");
  };
  EXPECT_THROW(rt.block_on(with_timeout(1ms, body())), timeout_error);
  EXPECT_EQ(log.all(), (lines{"inner went on", "shield passed"}));
}

TEST_F(shield, runs_although_the_stop_came_before) {
  const auto body = [&]() -> task<> {
    inside.open();
    static_cast<void>(co_await unstoppable(passes_the_door()));
    co_await yield_now();
    log.note("went on");
  };
  EXPECT_THROW(rt.block_on(with_timeout(0s, body())), timeout_error);
  EXPECT_EQ(log.all(), lines{"inner went on"});
}

TEST_F(shield, within_a_task_makes_the_token_that_of_the_shield) {
  const auto looks = [&]() -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    co_await inside.pass();
    EXPECT_FALSE(token.stop_requested());
    EXPECT_FALSE(is_stopping());
    EXPECT_EQ(current_deadline(), std::chrono::steady_clock::time_point::max());
  };
  const auto body = [&]() -> task<> { co_await unstoppable(looks()); };
  const auto timed = [&]() -> task<> { co_await with_timeout(1h, body()); };
  auto handle = rt.spawn(timed);
  EXPECT_TRUE(inside.is_reached());
  handle.request_stop();
  inside.open();
  EXPECT_FALSE(is_stopped(handle));
}

TEST_F(shield, is_waited_for_by_the_runtimes_end) {
  std::atomic<bool> has_finished = false;
  gate begun;
  begun.open();
  const auto inner = [&]() -> task<> {
    co_await spawn_blocking([&] { begun.pass(); });
    co_await sleep_for(5ms);
    has_finished = true;
  };
  const auto body = [&]() -> task<> { co_await unstoppable(inner()); };
  {
    runtime ending({.workers = 2});
    ending.spawn(body).detach();
    EXPECT_TRUE(begun.is_reached());
  }
  EXPECT_TRUE(has_finished);
}

TEST_F(shield, raced_by_a_stop_ends_once) {
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> passed = 0;
    std::atomic<bool> is_running = false;
    const auto inner = [&]() -> task<> {
      is_running = true;
      for (int i = 0; i < round % 5; ++i) co_await yield_now();
    };
    const auto body = [&]() -> task<> {
      co_await unstoppable(inner());
      ++passed;
    };
    auto handle = rt.spawn(body);
    EXPECT_TRUE(eventually([&] { return is_running.load(); }));
    handle.request_stop();
    EXPECT_FALSE(is_stopped(handle));
    EXPECT_EQ(passed, 1);
  }
}

}  // namespace
}  // namespace weft::test
