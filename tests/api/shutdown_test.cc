// The end of a runtime with everything under way: it returns, and leaves nothing behind.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Everything that a task can wait for, each with locals at two levels.
struct everything {
  census here;
  std::atomic<int> about_to_wait{0};
  std::atomic<int> functions_that_ran{0};
  semaphore none{0};

  template <class Wait>
  task<> two_levels(Wait wait) {
    const resident outer(here);
    const auto inner = [&]() -> task<> {
      const resident local(here);
      ++about_to_wait;
      co_await wait();
    };
    co_await inner();
    ADD_FAILURE() << "a stopped task went on";
  }

  task<> sleeps() { co_await sleep_for(1h); }
  task<> acquires() { const semaphore_permit never = co_await none.acquire(); }
  task<> reads() {
    connection ends = co_await connect_loopback();
    std::byte byte[1];
    static_cast<void>(co_await ends.first.read(byte));
  }
  task<> writes() {
    connection ends = co_await connect_loopback();
    const std::vector<std::byte> much(1 << 16);
    for (;;) co_await ends.first.write_all(much);
  }
  task<> accepts() {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    static_cast<void>(co_await listener.accept());
  }
  task<> forks() { co_await when_all(sleeps(), acquires(), reads()); }
  task<> groups() {
    const auto body = [this](task_group& group) -> task<> {
      const auto child = [this]() -> task<> { co_await acquires(); };
      for (int i = 0; i < 5; ++i) group.spawn(child);
      co_return;
    };
    co_await with_task_group(body);
    co_await sleeps();
  }
  task<> is_timed() { co_await with_timeout(1h, accepts()); }
  task<> awaits_a_handle() {
    const auto other = [this]() -> task<> { co_await sleeps(); };
    auto handle = spawn(other);
    co_await handle;
  }
  task<> yields() {
    for (;;) co_await yield_now();
  }
};

// Every one of them several times, on several numbers of workers.
TEST(shutdown, with_everything_pending_destroys_all_locals_and_returns) {
  for (const unsigned workers : {1u, 2u, 4u}) {
    everything all;
    int expected = 0;
    {
      runtime rt({.workers = workers});
      const auto start = [&](task<> (everything::*wait)()) {
        for (int i = 0; i < 3; ++i, ++expected) {
          const auto waits = [&all, wait]() { return (all.*wait)(); };
          rt.spawn(all.two_levels(waits)).detach();
        }
      };
      start(&everything::sleeps);
      start(&everything::acquires);
      start(&everything::reads);
      start(&everything::writes);
      start(&everything::accepts);
      start(&everything::forks);
      start(&everything::groups);
      start(&everything::is_timed);
      start(&everything::awaits_a_handle);
      start(&everything::yields);
      EXPECT_TRUE(eventually([&] { return all.about_to_wait == expected; }));
    }
    EXPECT_EQ(all.here.born(), 2 * expected);
    EXPECT_EQ(all.here.living(), 0);
  }
}

// The same, stopped at any moment of their beginning.
TEST(shutdown, at_any_moment_destroys_all_locals_and_returns) {
  for (int round = 0; round < 100; ++round) {
    everything all;
    {
      runtime rt({.workers = 2});
      const auto start = [&](task<> (everything::*wait)()) {
        const auto waits = [&all, wait]() { return (all.*wait)(); };
        rt.spawn(all.two_levels(waits)).detach();
      };
      start(&everything::reads);
      start(&everything::forks);
      start(&everything::groups);
      start(&everything::is_timed);
      start(&everything::awaits_a_handle);
      EXPECT_TRUE(eventually([&] { return all.about_to_wait >= round % 6; }));
    }
    EXPECT_EQ(all.here.living(), 0);
  }
}

TEST(shutdown, waits_for_a_function_that_runs_and_drops_those_that_queue) {
  census here;
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  {
    runtime rt({.workers = 2, .compute_threads = 1, .blocking_threads = 1});
    const auto function = [&](inplace_stop_token token) {
      ++begun;
      // Ends only when the stop has been asked for.
      EXPECT_TRUE(eventually([token] { return token.stop_requested(); }));
      ++ended;
    };
    const auto computes = [&]() -> task<> {
      const resident local(here);
      const inplace_stop_token token = co_await current_stop_token();
      co_await compute([&function, token] { function(token); });
    };
    const auto blocks = [&]() -> task<> {
      const resident local(here);
      const inplace_stop_token token = co_await current_stop_token();
      co_await spawn_blocking([&function, token] { function(token); });
    };
    for (int i = 0; i < 5; ++i) {
      rt.spawn(computes()).detach();
      rt.spawn(blocks()).detach();
    }
    EXPECT_TRUE(eventually([&] { return begun == 2 && here.living() == 10; }));
    rt.stop();
    EXPECT_EQ(here.living(), 0);
  }
  EXPECT_EQ(begun, ended);
  EXPECT_GE(begun, 2);
}

TEST(shutdown, unwinds_what_a_thread_is_blocked_on_and_throws_stopped_error_there) {
  runtime rt({.workers = 2});
  census here;
  door reached;
  const auto waits = [&]() -> task<> {
    const resident local(here);
    co_await reached.pass();
  };
  std::thread blocked([&] { EXPECT_THROW(rt.block_on(waits()), stopped_error); });
  EXPECT_TRUE(reached.is_reached());
  rt.stop();
  blocked.join();
  EXPECT_EQ(here.living(), 0);
}

TEST(shutdown, may_be_asked_for_twice) {
  runtime rt({.workers = 2});
  rt.stop();
  rt.stop();
}

TEST(shutdown, refuses_what_comes_later) {
  runtime rt({.workers = 1});
  rt.stop();
  census here;
  std::atomic<int> ran = 0;
  const auto never = [&](resident) -> task<> {
    ++ran;
    co_return;
  };
  auto handle = rt.spawn(never, resident(here));
  EXPECT_TRUE(handle.is_done());
  EXPECT_THROW(rt.block_on(never(resident(here))), stopped_error);
  handle.detach();
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(here.living(), 0);
}

TEST(shutdown, destroys_locals_of_a_chain_innermost_first) {
  record log;
  {
    runtime rt({.workers = 2});
    door reached;
    const auto c = [&]() -> task<> {
      const mark first(log, "c1");
      const mark second(log, "c2");
      co_await reached.pass();
    };
    const auto b = [&]() -> task<> {
      const mark local(log, "b");
      co_await c();
    };
    const auto a = [&]() -> task<> {
      const mark local(log, "a");
      co_await b();
    };
    rt.spawn(a()).detach();
    EXPECT_TRUE(reached.is_reached());
    rt.stop();
  }
  EXPECT_EQ(log.all(), (lines{"c2", "c1", "b", "a"}));
}

// Things that are used by the destructors of tasks still work.
TEST(shutdown, lets_destructors_use_the_runtime) {
  semaphore limit(1);
  record log;
  {
    runtime rt({.workers = 2});
    door reached;
    std::mutex lock;
    std::optional<tcp_stream> outlives;
    const auto holds = [&]() -> task<> {
      connection ends = co_await connect_loopback();
      const semaphore_permit held = co_await limit.acquire();
      struct spawns {
        record& log;
        ~spawns() {
          const auto late = []() -> task<> { co_return; };
          auto refused = spawn(late);
          log.note(refused.is_done() ? "refused" : "accepted");
        }
      };
      const spawns at_the_end{log};
      {
        const std::lock_guard guard(lock);
        outlives.emplace(std::move(ends.first));
      }
      co_await reached.pass();
    };
    rt.spawn(holds()).detach();
    EXPECT_TRUE(reached.is_reached());
    rt.stop();
    EXPECT_TRUE(outlives->is_open());
  }
  EXPECT_EQ(log.all(), lines{"refused"});
  EXPECT_TRUE(limit.try_acquire().has_value()) << "a permit was lost";
}

TEST(shutdown, R1_of_run_stops_leftover_tasks_and_waits_for_them) {
  census here;
  std::atomic<bool> is_waiting = false;
  const auto leftover = [&]() -> task<> {
    const resident local(here);
    is_waiting = true;
    co_await sleep_for(1h);
  };
  const auto program = [&]() -> task<int> {
    spawn(leftover).detach();
    while (!is_waiting) co_await yield_now();
    co_return 3;
  };
  EXPECT_EQ(run(program(), {.workers = 2}), 3);
  EXPECT_EQ(here.born(), 1);
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
