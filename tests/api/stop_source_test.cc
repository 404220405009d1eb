// inplace_stop_source, inplace_stop_callback and with_stop_token: stops that a program asks for, and who hears of them.
// SPDX-License-Identifier: Apache-2.0
#include "weft/stop_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <stop_token>
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

task<> sleeps_for_ever() {
  co_await sleep_for(1h);
}

TEST(stop_source, is_asked_once_and_says_who_was_first) {
  inplace_stop_source source;
  const inplace_stop_token token = source.get_token();
  EXPECT_TRUE(token.stop_possible());
  EXPECT_FALSE(token.stop_requested());
  EXPECT_TRUE(source.request_stop());
  EXPECT_FALSE(source.request_stop());
  EXPECT_TRUE(source.stop_requested());
  EXPECT_TRUE(token.stop_requested());
  EXPECT_EQ(token, source.get_token());
}

TEST(stop_source, asked_by_many_threads_calls_each_callback_once) {
  for (int round = 0; round < 100; ++round) {
    inplace_stop_source source;
    std::atomic<int> calls = 0;
    std::atomic<int> firsts = 0;
    const auto counts = [&] { ++calls; };
    const inplace_stop_callback one(source.get_token(), counts);
    const inplace_stop_callback two(source.get_token(), counts);
    const auto asks = [&] { firsts += source.request_stop() ? 1 : 0; };
    std::thread other(asks);
    asks();
    other.join();
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(firsts, 1);
  }
}

TEST(stop_callback, of_a_source_runs_on_the_thread_that_asks) {
  inplace_stop_source source;
  std::thread::id ran_on;
  const auto notes = [&] { ran_on = std::this_thread::get_id(); };
  const inplace_stop_callback callback(source.get_token(), notes);
  std::thread other([&] { source.request_stop(); });
  const std::thread::id asked_on = other.get_id();
  other.join();
  EXPECT_EQ(ran_on, asked_on);
}

TEST(stop_callback, made_after_the_stop_is_called_by_its_constructor) {
  inplace_stop_source source;
  source.request_stop();
  int calls = 0;
  const auto counts = [&] { ++calls; };
  const inplace_stop_callback late(source.get_token(), counts);
  EXPECT_EQ(calls, 1);
  const inplace_stop_callback never(inplace_stop_token(), counts);
  EXPECT_EQ(calls, 1);
}

TEST(stop_callback, that_was_destroyed_is_not_called) {
  inplace_stop_source source;
  int calls = 0;
  const auto counts = [&] { ++calls; };
  {
    const inplace_stop_callback gone(source.get_token(), counts);
  }
  source.request_stop();
  EXPECT_EQ(calls, 0);
}

TEST(stop_callback, is_waited_for_by_its_destructor_on_another_thread) {
  inplace_stop_source source;
  gate held;
  std::atomic<bool> has_returned = false;
  const auto takes_long = [&] {
    held.pass();
    has_returned = true;
  };
  auto callback = std::optional<inplace_stop_callback<decltype(takes_long)>>();
  callback.emplace(source.get_token(), takes_long);
  std::thread asks([&] { source.request_stop(); });
  EXPECT_TRUE(held.is_reached());
  std::thread opens([&] { held.open(); });
  callback.reset();
  EXPECT_TRUE(has_returned);
  asks.join();
  opens.join();
}

TEST(stop_callback, may_destroy_itself) {
  inplace_stop_source source;
  struct dies {
    std::optional<inplace_stop_callback<dies>>& self;
    int& calls;
    void operator()() {
      int& counted = calls;
      self.reset();
      ++counted;
    }
  };
  int calls = 0;
  std::optional<inplace_stop_callback<dies>> callback;
  callback.emplace(source.get_token(), dies{callback, calls});
  source.request_stop();
  EXPECT_EQ(calls, 1);
}

TEST(stop_callback, may_destroy_another_one_that_is_then_not_called) {
  inplace_stop_source source;
  int calls = 0;
  const auto counts = [&] { ++calls; };
  std::optional<inplace_stop_callback<decltype(counts)>> second;
  const auto kills = [&] { second.reset(); };
  const inplace_stop_callback first(source.get_token(), kills);
  second.emplace(source.get_token(), counts);
  source.request_stop();
  EXPECT_EQ(calls, 0);
}

// --- on the token of a task

TEST(stop_callback, of_a_task_reaches_what_a_stop_alone_does_not) {
  runtime rt({.workers = 2});
  gate held;
  const auto body = [&]() -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    const auto opens = [&] { held.open(); };
    const inplace_stop_callback lets_go(token, opens);
    co_await spawn_blocking([&] { held.pass(); });
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(held.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());  // a function that ran is a completed effect
}

TEST(stop_callback, of_a_task_runs_on_a_worker_of_its_home_and_at_once_if_the_stop_came_before) {
  runtime rt({.workers = 1});
  std::thread::id home;
  std::atomic<int> calls = 0;
  gate held;
  const auto body = [&]() -> task<> {
    home = std::this_thread::get_id();
    const inplace_stop_token token = co_await current_stop_token();
    const auto checks = [&] {
      EXPECT_EQ(std::this_thread::get_id(), home);
      ++calls;
      held.open();
    };
    const inplace_stop_callback early(token, checks);
    co_await spawn_blocking([&] { held.pass(); });
    const auto counts = [&] { ++calls; };
    const inplace_stop_callback late(token, counts);
    EXPECT_EQ(calls, 2);
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(held.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
}

// The moment of the registration against that of the stop: a callback is called once, or was destroyed before.
TEST(stop_callback, of_a_task_is_not_missed_at_any_moment) {
  runtime rt({.workers = 2});
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> calls = 0;
    std::atomic<bool> is_running = false;
    const auto body = [&]() -> task<> {
      const inplace_stop_token token = co_await current_stop_token();
      is_running = true;
      const auto counts = [&] { ++calls; };
      const inplace_stop_callback callback(token, counts);
      co_await spawn_blocking([&] { EXPECT_TRUE(eventually([&] { return calls == 1; })); });
    };
    auto handle = rt.spawn(body);
    if (round % 2 == 0) {
      EXPECT_TRUE(eventually([&] { return is_running.load(); }));
    }
    handle.request_stop();
    const auto join = [&]() -> task<> {
      try {
        co_await handle;
      } catch (const stopped_error&) {
      }
    };
    rt.block_on(join());
    EXPECT_LE(calls, 1);
  }
}

TEST(stop_callback, of_a_task_is_let_go_by_unwinding) {
  runtime rt({.workers = 3});
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> calls = 0;
    door reached;
    const auto body = [&]() -> task<> {
      const inplace_stop_token token = co_await current_stop_token();
      const auto counts = [&] { ++calls; };
      const inplace_stop_callback callback(token, counts);
      co_await reached.pass();
    };
    auto handle = rt.spawn(body);
    EXPECT_TRUE(reached.is_reached());
    handle.request_stop();
    const auto join = [&]() -> task<> { co_await handle; };
    EXPECT_THROW(rt.block_on(join()), stopped_error);
    EXPECT_LE(calls, 1);
  }
}

// --- with_stop_token

TEST(with_stop_token, lets_value_and_error_pass_that_come_first) {
  runtime rt({.workers = 2});
  inplace_stop_source source;
  const auto answers = []() -> task<int> {
    co_await yield_now();
    co_return 42;
  };
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("its own");
  };
  EXPECT_EQ(rt.block_on(with_stop_token(source.get_token(), answers())), 42);
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(with_stop_token(source.get_token(), fails()));
              return 0;
            }),
            "its own");
  source.request_stop();
}

TEST(with_stop_token, stops_the_task_and_not_its_caller) {
  runtime rt({.workers = 2});
  record log;
  inplace_stop_source source;
  door reached;
  const auto watched = [&]() -> task<> {
    const mark local(log, "unwound");
    co_await reached.pass();
  };
  const auto body = [&]() -> task<> {
    try {
      co_await with_stop_token(source.get_token(), watched());
    } catch (const stopped_error&) {
      log.note("stopped_error");
    }
    co_await yield_now();
    log.note("goes on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(reached.is_reached());
  source.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
  EXPECT_EQ(log.all(), (lines{"unwound", "stopped_error", "goes on"}));
}

TEST(with_stop_token, takes_a_std_stop_token) {
  runtime rt({.workers = 2});
  std::stop_source source;
  door reached;
  const auto watched = [&]() -> task<> { co_await reached.pass(); };
  auto handle = rt.spawn([&]() -> task<> { co_await with_stop_token(source.get_token(), watched()); });
  EXPECT_TRUE(reached.is_reached());
  source.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
}

TEST(with_stop_token, takes_the_token_of_another_task) {
  runtime rt({.workers = 2});
  door reached;
  const auto watched = [&](inplace_stop_token other) -> task<bool> {
    const auto end = co_await with_stop_token(other, as_outcome(reached.pass()));
    co_return end.is_stopped();
  };
  bool was_stopped = false;
  const auto first = [&]() -> task<> {
    auto second = spawn(watched, co_await current_stop_token());
    const auto joins = [&]() -> task<> { was_stopped = co_await second; };
    co_await unstoppable(joins());
  };
  auto handle = rt.spawn(first);
  EXPECT_TRUE(reached.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
  EXPECT_TRUE(was_stopped);
}

TEST(with_stop_token, that_was_asked_before_stops_the_task_at_its_first_operation) {
  runtime rt({.workers = 1});
  inplace_stop_source source;
  source.request_stop();
  EXPECT_THROW(rt.block_on(with_stop_token(source.get_token(), sleeps_for_ever())), stopped_error);
  const auto never_waits = []() -> task<int> { co_return 7; };
  EXPECT_EQ(rt.block_on(with_stop_token(source.get_token(), never_waits())), 7);
}

TEST(with_stop_token, gives_way_to_a_stop_from_outside) {
  runtime rt({.workers = 2});
  record log;
  inplace_stop_source source;
  door reached;
  const auto body = [&]() -> task<> {
    try {
      co_await with_stop_token(source.get_token(), reached.pass());
    } catch (const stopped_error&) {
      log.note("its own");
    }
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(reached.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_TRUE(log.all().empty());
}

TEST(with_stop_token, K6_the_inner_one_stops_with_the_outer_one_and_not_the_reverse) {
  runtime rt({.workers = 2});
  inplace_stop_source outer;
  inplace_stop_source inner;
  record log;
  door reached;
  const auto inside = [&]() -> task<> {
    try {
      co_await with_stop_token(inner.get_token(), sleeps_for_ever());
    } catch (const stopped_error&) {
      log.note("inner");
    }
    co_await reached.pass();
    log.note("went on");
  };
  auto handle = rt.spawn([&]() -> task<> { co_await with_stop_token(outer.get_token(), inside()); });
  inner.request_stop();
  EXPECT_TRUE(reached.is_reached());
  EXPECT_FALSE(outer.stop_requested());
  outer.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"inner"});
}

TEST(with_stop_token, K6_a_guard_that_asks_when_it_is_dropped_stops_the_others) {
  runtime rt({.workers = 2});
  inplace_stop_source source;
  struct guard {
    inplace_stop_source& of;
    ~guard() { of.request_stop(); }
  };
  door reached;
  auto other = rt.spawn([&]() -> task<> { co_await with_stop_token(source.get_token(), reached.pass()); });
  EXPECT_TRUE(reached.is_reached());
  {
    const guard dropped{source};
  }
  const auto join = [&]() -> task<> { co_await other; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
}

TEST(with_stop_token, raced_by_its_source_and_its_own_end_gives_one_of_the_two) {
  runtime rt({.workers = 2});
  for (int round = 0; round < 300; ++round) {
    inplace_stop_source source;
    std::atomic<bool> is_running = false;
    const auto soon = [&]() -> task<int> {
      is_running = true;
      for (int i = 0; i < round % 7; ++i) co_await yield_now();
      co_return 1;
    };
    std::thread asks([&] {
      while (!is_running) std::this_thread::yield();
      source.request_stop();
    });
    int ends = 0;
    try {
      ends += rt.block_on(with_stop_token(source.get_token(), soon()));
    } catch (const stopped_error&) {
      ++ends;
    }
    asks.join();
    EXPECT_EQ(ends, 1);
  }
}

}  // namespace
}  // namespace weft::test
