// Stops as tasks see them: tokens, stop points, and what a stop does not undo. Unwinding is in unwind_test.cc.
// SPDX-License-Identifier: Apache-2.0
#include "weft/stop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(stop_token, says_whether_a_stop_was_asked_for) {
  runtime rt({.workers = 2});
  std::atomic<bool> before = true;
  std::atomic<bool> is_running = false;
  std::atomic<bool> is_seen = false;
  const auto never_waits = [&]() -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    EXPECT_TRUE(token.stop_possible());
    before = token.stop_requested();
    is_running = true;
    is_seen = eventually([token] { return token.stop_requested(); });
  };
  auto handle = rt.spawn(never_waits);
  EXPECT_TRUE(eventually([&] { return is_running.load(); }));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());  // a task that never waits ends as it likes
  EXPECT_FALSE(before);
  EXPECT_TRUE(is_seen);
}

TEST(stop_token, that_stands_for_nothing_is_never_stopped) {
  const inplace_stop_token none;
  EXPECT_FALSE(none.stop_possible());
  EXPECT_FALSE(none.stop_requested());
  EXPECT_EQ(none, inplace_stop_token());
}

TEST(stop_token, is_the_same_for_all_that_a_task_awaits_directly) {
  runtime rt({.workers = 1});
  const auto ask = []() -> task<inplace_stop_token> { co_return co_await current_stop_token(); };
  const auto both = [&]() -> task<> {
    const inplace_stop_token mine = co_await current_stop_token();
    const inplace_stop_token below = co_await ask();
    EXPECT_EQ(mine, below);
    const inplace_stop_token timed = co_await with_timeout(1h, ask());
    EXPECT_NE(mine, timed);
  };
  rt.block_on(both());
}

TEST(stop, T8_before_the_first_run_means_that_the_body_never_runs) {
  runtime rt({.workers = 1});
  census here;
  std::atomic<int> ran = 0;
  const auto counts = [&](resident) -> task<> {
    ++ran;
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto handle = spawn(counts, resident(here));
    handle.request_stop();
    bool was_stopped = false;
    try {
      co_await handle;
    } catch (const stopped_error&) {
      was_stopped = true;
    }
    EXPECT_TRUE(was_stopped);
  };
  rt.block_on(body());
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(here.living(), 0);
}

TEST(stop, T9_of_a_task_stops_the_operation_that_its_innermost_task_waits_for) {
  runtime rt({.workers = 1});
  semaphore none(0);
  const auto inner = [&]() -> task<> { const semaphore_permit never = co_await none.acquire(); };
  const auto middle = [&]() -> task<> { co_await inner(); };
  auto handle = rt.spawn(middle);
  let_all_wait(rt);
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  // Nobody stands in the row any more.
  none.add_permits(1);
  EXPECT_EQ(none.available(), 1u);
}

TEST(stop, T11_after_the_end_does_nothing) {
  runtime rt({.workers = 1});
  const auto answers = []() -> task<int> { co_return 42; };
  auto handle = rt.spawn(answers);
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  handle.request_stop();
  handle.request_stop();
  const auto join = [&]() -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), 42);
}

// What a completed effect has let pass once is stopped at the next operation.
TEST(stop, N2_stays_asked_for_after_an_operation_that_completed_all_the_same) {
  runtime rt({.workers = 2});
  record log;
  gate held;
  const auto body = [&]() -> task<> {
    co_await spawn_blocking([&] { held.pass(); });
    log.note("a function that ran is a completed effect");
    co_await yield_now();
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(held.is_reached());
  handle.request_stop();
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"a function that ran is a completed effect"});
}

TEST(stop, N2_is_over_with_the_scope_that_asked) {
  runtime rt({.workers = 1});
  semaphore one(1);
  record log;
  const auto never = [&]() -> task<> {
    co_await yield_now();
    log.note("went on in a scope that is stopping");
  };
  const auto body = [&]() -> task<> {
    for (int round = 0; round < 3; ++round) {
      try {
        co_await with_timeout(0s, never());
      } catch (const timeout_error&) {
        log.note("timeout");
      }
      co_await yield_now();
      co_await sleep_for(0s);
      const semaphore_permit held = co_await one.acquire();
    }
    log.note("end");
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), (lines{"timeout", "timeout", "timeout", "end"}));
}

TEST(stop, K5_wakes_a_sleeping_task_whose_locals_are_gone_before_its_join_returns) {
  runtime rt({.workers = 2});
  for (int round = 0; round < 100; ++round) {
    census here;
    door reached;
    const auto sleeps = [&]() -> task<> {
      const resident local(here);
      co_await reached.pass();
    };
    auto handle = rt.spawn(sleeps);
    EXPECT_TRUE(reached.is_reached());
    handle.request_stop();
    const auto join = [&]() -> task<> {
      try {
        co_await handle;
        ADD_FAILURE() << "it slept to its end";
      } catch (const stopped_error&) {
        EXPECT_EQ(here.living(), 0);
      }
    };
    rt.block_on(join());
    handle.request_stop();  // after the end: nothing
  }
}

TEST(stop, N7_children_have_ended_before_the_parent_goes_on_or_is_unwound) {
  runtime rt({.workers = 2});
  census here;
  door reached;
  const auto child = [&]() -> task<> {
    const resident local(here);
    co_await reached.pass();
  };
  const auto body = [&]() -> task<> {
    struct looks {
      census& here;
      ~looks() { EXPECT_EQ(here.living(), 0); }
    };
    const looks last{here};
    const auto members = [&](task_group& group) -> task<> {
      for (int i = 0; i < 4; ++i) group.spawn(child);
      co_await when_all(child(), child());
    };
    co_await with_task_group(members);
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(reached.is_reached(6));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
}

TEST(stop, from_many_threads_at_once_ends_a_task_once) {
  runtime rt({.workers = 2});
  for (int round = 0; round < 200; ++round) {
    census here;
    const auto waits = [&]() -> task<> {
      const resident local(here);
      co_await sleep_for(1h);
    };
    auto handle = rt.spawn(waits);
    std::thread other([&] {
      for (int i = 0; i < 10; ++i) handle.request_stop();
    });
    for (int i = 0; i < 10; ++i) handle.request_stop();
    other.join();
    const auto join = [&]() -> task<> { co_await handle; };
    EXPECT_THROW(rt.block_on(join()), stopped_error);
    EXPECT_EQ(here.living(), 0);
  }
}

}  // namespace
}  // namespace weft::test
