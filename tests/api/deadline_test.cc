// with_deadline: a point in time, inherited, and movable while the task runs.
// SPDX-License-Identifier: Apache-2.0
#include "weft/deadline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;

task<> sleeps_for_ever() {
  co_await sleep_for(1h);
}

task<int> answers() {
  co_await yield_now();
  co_return 42;
}

struct deadlines : testing::Test {
  runtime rt{{.workers = 2}};
  record log;
};

TEST_F(deadlines, O1_that_do_not_expire_let_the_value_pass) {
  deadline until(1h);
  EXPECT_EQ(rt.block_on(with_deadline(until, answers())), 42);
  EXPECT_FALSE(until.expired());
  EXPECT_EQ(rt.block_on(with_deadline(clock::now() + 1h, answers())), 42);
}

TEST_F(deadlines, O2_throw_outside_and_only_after_clean_up) {
  deadline until(1ms);
  const auto timed = [&]() -> task<> {
    const mark local(log, "cleaned up");
    co_await sleep_for(1h);
  };
  const auto caller = [&]() -> task<> {
    try {
      co_await with_deadline(until, timed());
    } catch (const timeout_error&) {
      log.note("timeout_error");
    }
  };
  rt.block_on(caller());
  EXPECT_EQ(log.all(), (lines{"cleaned up", "timeout_error"}));
  EXPECT_TRUE(until.expired());
  EXPECT_THROW(rt.block_on(with_deadline(clock::now() + 1ms, sleeps_for_ever())), timeout_error);
}

TEST_F(deadlines, O3_give_way_to_a_stop_from_outside) {
  deadline until(1h);
  door reached;
  const auto body = [&]() -> task<> {
    try {
      co_await with_deadline(until, reached.pass());
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
  EXPECT_TRUE(log.all().empty());
  EXPECT_FALSE(until.expired());
}

TEST_F(deadlines, O4_do_not_turn_the_bodys_own_stop_into_a_timeout) {
  deadline until(1h);
  const auto awaits_a_stopped_task = [&]() -> task<> {
    auto handle = spawn(sleeps_for_ever);
    handle.request_stop();
    co_await handle;
  };
  EXPECT_THROW(rt.block_on(with_deadline(until, awaits_a_stopped_task())), stopped_error);
}

TEST_F(deadlines, O5_nested_convert_only_their_own) {
  deadline inner(1ms);
  deadline outer(1h);
  const auto middle = [&]() -> task<> {
    try {
      co_await with_deadline(inner, sleeps_for_ever());
    } catch (const timeout_error&) {
      log.note("inner");
    }
    outer.move_to(clock::now() - 1ms);
    co_await sleep_for(1h);
    log.note("went on");
  };
  EXPECT_THROW(rt.block_on(with_deadline(outer, middle())), timeout_error);
  EXPECT_EQ(log.all(), lines{"inner"});
  EXPECT_TRUE(inner.expired());
  EXPECT_TRUE(outer.expired());
}

TEST_F(deadlines, O6_in_the_past_stop_the_task_at_its_first_operation) {
  deadline past(clock::now() - 1s);
  const auto timed = [&]() -> task<> {
    log.note("runs");
    past.move_to(time_point::max());  // too late
    co_await yield_now();
    log.note("went on");
  };
  EXPECT_THROW(rt.block_on(with_deadline(past, timed())), timeout_error);
  EXPECT_EQ(log.all(), lines{"runs"});
}

TEST_F(deadlines, O7_N6_move_earlier_while_the_task_waits) {
  deadline until(1h);
  door reached;
  std::thread moves([&] {
    EXPECT_TRUE(reached.is_reached());
    until.move_to(clock::now() + 1ms);
  });
  EXPECT_THROW(rt.block_on(with_deadline(until, reached.pass())), timeout_error);
  moves.join();
}

TEST_F(deadlines, O7_N6_move_later_and_to_none_while_the_task_waits) {
  const time_point first = clock::now() + 50ms;
  deadline until(first);
  const auto waits_past_it = [&]() -> task<int> {
    until.move_to(clock::now() + 1h);
    co_await sleep_until(first + 2ms);
    until.move_to(clock::now() + 20ms);
    until.move_to(time_point::max());
    co_await sleep_for(30ms);
    co_return 1;
  };
  const bool is_in_time = clock::now() < first;
  try {
    EXPECT_EQ(rt.block_on(with_deadline(until, waits_past_it())), 1);
    EXPECT_FALSE(until.expired());
  } catch (const timeout_error&) {
    EXPECT_TRUE(!is_in_time || until.expired());  // a machine so busy that 50 ms passed before the first line
  }
  EXPECT_EQ(until.due(), time_point::max());
}

TEST_F(deadlines, O8_tell_whether_they_have_expired) {
  deadline until(1h);
  std::atomic<bool> before = true;
  const auto timed = [&]() -> task<> {
    before = until.expired();
    until.move_to(clock::now());
    co_await sleep_for(1h);
  };
  EXPECT_THROW(rt.block_on(with_deadline(until, timed())), timeout_error);
  EXPECT_FALSE(before);
  EXPECT_TRUE(until.expired());
}

TEST_F(deadlines, O9_let_a_value_win_that_is_ready_when_the_time_is_up) {
  deadline until(1h);
  const auto never_waits_again = [&]() -> task<int> {
    co_await yield_now();
    until.move_to(clock::now() - 1ms);
    EXPECT_TRUE(eventually([&] { return until.expired(); }));
    co_return 7;
  };
  EXPECT_EQ(rt.block_on(with_deadline(until, never_waits_again())), 7);
  EXPECT_TRUE(until.expired());
}

TEST_F(deadlines, O10_that_are_very_far_away_do_not_overflow) {
  deadline none;
  deadline longest(std::chrono::hours::max());
  EXPECT_EQ(rt.block_on(with_deadline(none, answers())), 42);
  EXPECT_EQ(rt.block_on(with_deadline(longest, answers())), 42);
  EXPECT_EQ(rt.block_on(with_deadline(time_point::max(), answers())), 42);
}

TEST_F(deadlines, O11_give_way_to_an_error_after_they_have_expired) {
  deadline until(1h);
  const auto fails_late = [&]() -> task<> {
    co_await yield_now();
    until.move_to(clock::now() - 1ms);
    EXPECT_TRUE(eventually([&] { return until.expired(); }));
    throw std::runtime_error("its own");
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(with_deadline(until, fails_late()));
              return 0;
            }),
            "its own");
  EXPECT_TRUE(until.expired()) << "that the time was up is told here";
}

TEST_F(deadlines, O12_around_a_group_are_thrown_after_the_group_has_ended) {
  deadline until(1h);
  census here;
  const auto child = [&]() -> task<> {
    const resident local(here);
    until.move_to(clock::now());
    co_await sleep_for(1h);
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 5; ++i) group.spawn(child);
    co_return;
  };
  const auto caller = [&]() -> task<> {
    try {
      co_await with_deadline(until, with_task_group(body));
    } catch (const timeout_error&) {
      log.note("timeout_error");
    }
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(caller());
  EXPECT_EQ(log.all(), lines{"timeout_error"});
}

TEST_F(deadlines, serve_one_task_after_another) {
  deadline until(1ms);
  EXPECT_THROW(rt.block_on(with_deadline(until, sleeps_for_ever())), timeout_error);
  until.move_to(time_point::max());
  EXPECT_EQ(rt.block_on(with_deadline(until, answers())), 42);
  EXPECT_FALSE(until.expired());
}

TEST_F(deadlines, are_inherited_and_the_earliest_one_is_the_current_one) {
  const time_point now = clock::now();
  EXPECT_EQ(current_deadline(), time_point::max());
  deadline outer(now + 1h);
  const auto child = [&](time_point expected) -> task<> {
    co_await yield_now();
    EXPECT_EQ(current_deadline(), expected);
  };
  const auto spawned = []() -> task<> {
    EXPECT_EQ(current_deadline(), time_point::max());
    co_return;
  };
  const auto body = [&]() -> task<> {
    EXPECT_EQ(current_deadline(), now + 1h);
    co_await with_deadline(now + 2h, child(now + 1h));
    co_await with_deadline(now + 30min, child(now + 30min));
    co_await when_all(child(now + 1h), child(now + 1h));
    const auto members = [&](task_group& group) -> task<> {
      group.spawn(child, now + 1h);
      co_await child(now + 1h);
    };
    co_await with_task_group(members);
    outer.move_to(now + 3h);
    co_await child(now + 3h);
    co_await weft::spawn(spawned);
  };
  rt.block_on(with_deadline(outer, body()));
}

// Two threads move it, the task ends, and the time may be up: one outcome, nothing left behind.
TEST_F(deadlines, moved_by_threads_while_the_task_ends_give_one_outcome) {
  for (int round = 0; round < 200; ++round) {
    deadline until(1h);
    std::atomic<bool> is_over = false;
    const auto moves = [&] {
      for (int i = 0; !is_over; ++i) until.move_to(clock::now() + std::chrono::microseconds(100 + i % 300));
    };
    std::thread first(moves);
    std::thread second(moves);
    int ends = 0;
    const auto soon = [&]() -> task<int> {
      for (int i = 0; i < round % 9; ++i) co_await yield_now();
      if (round % 3 == 0) co_await sleep_for(200us);
      co_return 1;
    };
    try {
      ends += rt.block_on(with_deadline(until, soon()));
    } catch (const timeout_error&) {
      ++ends;
      EXPECT_TRUE(until.expired());
    }
    is_over = true;
    first.join();
    second.join();
    EXPECT_EQ(ends, 1);
  }
}

}  // namespace
}  // namespace weft::test
