// with_timeout: stops what takes too long, waits for its end, and says so.
// SPDX-License-Identifier: Apache-2.0
#include "weft/timeout.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/task_group.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<int> answers() {
  co_await yield_now();
  co_return 42;
}

task<> sleeps_for_ever() {
  co_await sleep_for(1h);
}

struct timeout : testing::Test {
  runtime rt{{.workers = 2}};
};

TEST_F(timeout, O1_that_does_not_expire_lets_the_value_pass) {
  EXPECT_EQ(rt.block_on(with_timeout(1h, answers())), 42);
}

TEST_F(timeout, that_does_not_expire_lets_an_error_pass) {
  const auto fails = []() -> task<int> {
    co_await yield_now();
    throw std::runtime_error("its own");
  };
  EXPECT_EQ(thrown_by([&] { return rt.block_on(with_timeout(1h, fails())); }), "its own");
}

TEST_F(timeout, O2_that_expires_is_thrown_outside_and_only_after_clean_up) {
  record log;
  const auto timed = [&]() -> task<> {
    const mark local(log, "cleaned up");
    try {
      co_await sleep_for(1h);
    } catch (...) {
      log.note("a stop was seen as an exception");
    }
    log.note("went on");
  };
  const auto caller = [&]() -> task<> {
    try {
      co_await with_timeout(1ms, timed());
    } catch (const timeout_error&) {
      log.note("timeout_error");
    }
    co_await yield_now();
    log.note("the caller goes on");
  };
  rt.block_on(caller());
  EXPECT_EQ(log.all(), (lines{"cleaned up", "timeout_error", "the caller goes on"}));
}

TEST_F(timeout, is_never_early) {
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THROW(rt.block_on(with_timeout(20ms, sleeps_for_ever())), timeout_error);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 20ms);
}

TEST_F(timeout, takes_operations_as_well_as_tasks) {
  semaphore none(0);
  EXPECT_THROW(static_cast<void>(rt.block_on(with_timeout(1ms, none.acquire()))), timeout_error);
  EXPECT_THROW(rt.block_on(with_timeout(1ms, sleep_for(1h))), timeout_error);
  rt.block_on(with_timeout(1h, yield_now()));
}

TEST_F(timeout, O3_gives_way_to_a_stop_from_outside) {
  record log;
  door reached;
  const auto timed = [&]() -> task<> { co_await reached.pass(); };
  const auto body = [&]() -> task<> {
    const mark local(log, "unwound");
    try {
      co_await with_timeout(1h, timed());
    } catch (const timeout_error&) {
      log.note("timeout_error");
    }
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(reached.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"unwound"});
}

// The time is up and the body still cleans up when the outer stop comes.
TEST_F(timeout, O3_that_has_expired_gives_way_to_a_stop_that_comes_during_clean_up) {
  record log;
  gate held;
  const auto timed = [&]() -> task<> {
    struct holds {
      gate& until;
      ~holds() { until.pass(); }
    };
    const holds clean_up{held};
    co_await sleep_for(1h);
  };
  const auto body = [&]() -> task<> {
    const mark local(log, "unwound");
    try {
      co_await with_timeout(1ms, timed());
    } catch (const timeout_error&) {
      log.note("timeout_error");
    }
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(held.is_reached());  // so the time is up
  handle.request_stop();
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"unwound"});
}

TEST_F(timeout, O4_does_not_turn_the_bodys_own_stop_into_a_timeout) {
  const auto stops_its_own_group = [](task_group& group) -> task<> {
    group.request_stop();
    co_await sleep_for(1h);
  };
  const auto timed = [&]() -> task<int> {
    co_await with_task_group(stops_its_own_group);
    co_return 1;
  };
  EXPECT_EQ(rt.block_on(with_timeout(1h, timed())), 1);
  const auto awaits_a_stopped_task = [&]() -> task<int> {
    auto handle = spawn(sleeps_for_ever);
    handle.request_stop();
    co_await handle;
    co_return 1;
  };
  EXPECT_THROW(rt.block_on(with_timeout(1h, awaits_a_stopped_task())), stopped_error);
}

TEST_F(timeout, O5_of_the_inner_of_two_is_the_only_one_to_fire_when_its_time_is_up) {
  record log;
  const auto outer = [&]() -> task<> {
    try {
      co_await with_timeout(1ms, sleeps_for_ever());
    } catch (const timeout_error&) {
      log.note("inner");
    }
    co_await yield_now();
    log.note("goes on");
  };
  rt.block_on(with_timeout(1h, outer()));
  EXPECT_EQ(log.all(), (lines{"inner", "goes on"}));
}

TEST_F(timeout, O5_of_the_outer_of_two_wins_while_the_inner_one_cleans_up) {
  record log;
  gate held;
  const auto body = [&]() -> task<> {
    struct holds {
      gate& until;
      ~holds() { until.pass(); }
    };
    const holds clean_up{held};
    co_await sleep_for(1h);
  };
  const auto middle = [&]() -> task<> {
    try {
      co_await with_timeout(1ms, body());
    } catch (const timeout_error&) {
      log.note("inner");
    }
    co_await yield_now();
    log.note("went on");
  };
  const auto outer = [&]() -> task<> {
    // Its time is up at once, and it is asked only when the inner clean-up has begun.
    co_await with_timeout(5ms, middle());
  };
  auto handle = rt.spawn(outer);
  EXPECT_TRUE(held.is_reached());
  const auto until = std::chrono::steady_clock::now() + 10ms;
  rt.block_on(sleep_until(until));  // a worker is free, and past the outer deadline
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), timeout_error);
  for (const std::string& each : log.all()) EXPECT_NE(each, "went on");
}

TEST_F(timeout, O6_of_zero_or_less_stops_the_task_at_its_first_operation_that_could_wait) {
  record log;
  const auto timed = [&]() -> task<int> {
    log.note("runs");
    co_await yield_now();
    log.note("went on");
    co_return 1;
  };
  EXPECT_THROW(rt.block_on(with_timeout(0s, timed())), timeout_error);
  EXPECT_THROW(rt.block_on(with_timeout(-5s, timed())), timeout_error);
  EXPECT_EQ(log.all(), (lines{"runs", "runs"}));
}

TEST_F(timeout, of_zero_lets_a_task_pass_that_never_waits) {
  const auto timed = []() -> task<int> { co_return 7; };
  EXPECT_EQ(rt.block_on(with_timeout(0s, timed())), 7);
}

// A blocking function that is under way when the time is up. On a busy machine the time may be up before it
// has begun, and then it is dropped: once more, with more time.
template <class Function>
int await_with_a_timeout_that_comes_in_between(runtime& rt, Function at_the_end) {
  for (auto time = 5ms;; time *= 2) {
    std::atomic<bool> has_begun = false;
    const auto timed = [&]() -> task<int> {
      const inplace_stop_token token = co_await current_stop_token();
      auto function = [&, token] {
        has_begun = true;
        EXPECT_TRUE(eventually([token] { return token.stop_requested(); }));
        return at_the_end();
      };
      co_return co_await spawn_blocking(function);
    };
    try {
      return rt.block_on(with_timeout(time, timed()));
    } catch (const timeout_error&) {
      EXPECT_FALSE(has_begun) << "the timeout won over what was there";
      if (has_begun) return 0;
    }
  }
}

TEST_F(timeout, O9_loses_to_a_value_that_comes_all_the_same) {
  EXPECT_EQ(await_with_a_timeout_that_comes_in_between(rt, [] { return 9; }), 9);
}

TEST_F(timeout, O10_of_an_absurd_length_does_not_overflow) {
  EXPECT_EQ(rt.block_on(with_timeout(std::chrono::hours::max(), answers())), 42);
  EXPECT_EQ(rt.block_on(with_timeout(std::chrono::nanoseconds::max(), answers())), 42);
  EXPECT_EQ(rt.block_on(with_timeout(std::chrono::duration<double>(1e300), answers())), 42);
  EXPECT_THROW(rt.block_on(with_timeout(std::chrono::hours::min(), sleeps_for_ever())), timeout_error);
}

TEST_F(timeout, O11_loses_to_an_error_that_is_thrown_after_it_has_expired) {
  const auto fails = []() -> int { throw std::runtime_error("clean-up failed"); };
  EXPECT_EQ(thrown_by([&] { return await_with_a_timeout_that_comes_in_between(rt, fails); }),
            "clean-up failed");
}

TEST_F(timeout, O12_around_a_group_is_thrown_when_the_group_has_ended) {
  census here;
  const auto child = [&]() -> task<> {
    const resident local(here);
    co_await sleep_for(1h);
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn(child));
    co_return;
  };
  const auto caller = [&]() -> task<> {
    bool is_timed_out = false;
    try {
      co_await with_timeout(5ms, with_task_group(body));
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(caller());
}

TEST_F(timeout, may_race_with_the_end_of_its_task_in_any_order) {
  for (int i = 0; i < 2000; ++i) {
    const auto timed = [i]() -> task<int> {
      co_await sleep_for(std::chrono::microseconds(i % 200));
      co_return i;
    };
    try {
      EXPECT_EQ(rt.block_on(with_timeout(std::chrono::microseconds(100), timed())), i);
    } catch (const timeout_error&) {
    }
  }
}

TEST_F(timeout, that_is_never_awaited_destroys_its_task) {
  census here;
  const auto takes = [](resident) -> task<> { co_return; };
  {
    const auto never = with_timeout(1h, takes(resident(here)));
    EXPECT_EQ(here.living(), 1);
  }
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
