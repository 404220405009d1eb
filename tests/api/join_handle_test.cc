// join_handle: to wait for a spawned task, to stop it, or to let it go.
// SPDX-License-Identifier: Apache-2.0
#include "weft/join_handle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

template <class T>
task<T> join(join_handle<T>& handle) {
  co_return co_await handle;
}

task<> fails_with(std::string text) {
  co_await yield_now();
  throw std::runtime_error(text);
}

// Keeps what nobody took.
struct unhandled {
  [[nodiscard]] runtime_options options(unsigned workers) {
    runtime_options chosen;
    chosen.workers = workers;
    chosen.on_unhandled_error = [this](const unhandled_error& lost) {
      log.note(text_of(lost.error));
      const std::lock_guard guard(lock);
      names.emplace_back(lost.name);
      places.push_back(lost.where);
    };
    return chosen;
  }
  record log;
  std::mutex lock;
  std::vector<std::string> names;
  std::vector<std::source_location> places;
};

TEST(join_handle, gives_the_result_whether_the_task_has_ended_or_not) {
  runtime rt({.workers = 1});
  door held;
  const auto waits = [&]() -> task<int> {
    co_await held.pass();
    co_return 1;
  };
  auto running = rt.spawn(waits);
  auto waiting = rt.spawn(join(running));
  let_all_wait(rt);
  held.open();
  EXPECT_EQ(rt.block_on(join(waiting)), 1);
  auto ended = rt.spawn(waits);
  EXPECT_TRUE(eventually([&] { return ended.is_done(); }));
  EXPECT_EQ(rt.block_on(join(ended)), 1);
}

TEST(join_handle, lets_nobody_overtake_what_was_ready_before) {
  runtime rt({.workers = 1});
  std::vector<int> order;
  const auto notes = [&](int number) -> task<> {
    order.push_back(number);
    co_return;
  };
  const auto spawns = [&]() -> task<> {
    auto first = spawn(notes, 1);
    auto second = spawn(notes, 2);
    auto third = spawn(notes, 3);
    co_await second;
    order.push_back(0);
    co_await third;
    co_await first;
  };
  rt.block_on(spawns());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 0, 3}));
}

TEST(join_handle, throws_what_the_task_threw_and_reports_it_to_nobody_else) {
  unhandled lost;
  {
    runtime rt(lost.options(1));
    auto handle = rt.spawn(&fails_with, "taken");
    EXPECT_EQ(thrown_by([&] {
                rt.block_on(join(handle));
                return 0;
              }),
              "taken");
  }
  EXPECT_EQ(lost.log.all(), lines());
}

TEST(join_handle, T5_that_is_dropped_reports_an_error_that_nobody_took_with_name_and_place) {
  unhandled lost;
  {
    runtime rt(lost.options(2));
    rt.spawn(&fails_with, "let go before its end").detach();
    {
      auto handle = rt.spawn(&fails_with, "let go after its end");
      EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
    }
  }
  EXPECT_EQ(lost.log.all().size(), 2u);
  for (const std::string& name : lost.names) EXPECT_NE(name.find("fails_with"), std::string::npos) << name;
  for (const std::source_location& place : lost.places) {
    EXPECT_NE(std::string(place.file_name()).find("join_handle_test.cc"), std::string::npos);
    EXPECT_GT(place.line(), 0u);
  }
}

TEST(join_handle, that_is_dropped_lets_the_task_run_to_its_end) {
  runtime rt({.workers = 1});
  door held;
  std::atomic<bool> has_ended = false;
  const auto waits = [&]() -> task<> {
    co_await held.pass();
    has_ended = true;
  };
  {
    auto dropped = rt.spawn(waits);
  }
  let_all_wait(rt);
  EXPECT_FALSE(has_ended);
  held.open();
  EXPECT_TRUE(eventually([&] { return has_ended.load(); }));
}

TEST(join_handle, of_a_task_that_was_stopped_and_let_go_reports_nothing) {
  unhandled lost;
  {
    runtime rt(lost.options(1));
    const auto waits = []() -> task<> { co_await sleep_for(1h); };
    auto handle = rt.spawn(waits);
    handle.request_stop();
    handle.detach();
  }
  EXPECT_EQ(lost.log.all(), lines());
}

TEST(join_handle, K5_request_stop_wakes_a_sleeper_and_its_locals_are_gone_when_the_await_returns) {
  runtime rt({.workers = 2});
  census here;
  std::atomic<bool> is_asleep = false;
  const auto sleeps = [&]() -> task<> {
    const resident local(here);
    is_asleep = true;
    co_await sleep_for(1h);
  };
  auto handle = rt.spawn(sleeps);
  EXPECT_TRUE(eventually([&] { return is_asleep.load(); }));
  handle.request_stop();
  const auto waits = [&]() -> task<> {
    bool was_stopped = false;
    try {
      co_await handle;
    } catch (const stopped_error&) {
      was_stopped = true;
    }
    EXPECT_TRUE(was_stopped);
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(waits());
}

TEST(join_handle, whose_waiter_is_stopped_leaves_the_task_alone_and_can_be_awaited_again) {
  runtime rt({.workers = 2});
  door held;
  const auto waits = [&]() -> task<int> {
    co_await held.pass();
    co_return 5;
  };
  auto handle = rt.spawn(waits);
  for (int i = 0; i < 50; ++i) {
    EXPECT_THROW(rt.block_on(with_timeout(std::chrono::microseconds(i * 10), join(handle))), timeout_error);
    EXPECT_FALSE(handle.is_done());
  }
  held.open();
  EXPECT_EQ(rt.block_on(join(handle)), 5);
}

TEST(join_handle, O13_whose_waiter_is_stopped_lets_the_task_live_and_its_later_error_is_reported) {
  unhandled lost;
  {
    runtime rt(lost.options(1));
    door held;
    const auto fails = [&]() -> task<> {
      co_await held.pass();
      throw std::runtime_error("later");
    };
    auto handle = rt.spawn(fails);
    auto waiter = rt.spawn(join(handle));
    let_all_wait(rt);
    waiter.request_stop();
    EXPECT_THROW(rt.block_on(join(waiter)), stopped_error);
    EXPECT_FALSE(handle.is_done());
    held.open();
    EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  }
  EXPECT_EQ(lost.log.all(), lines{"later"});
}

TEST(join_handle, may_outlive_its_runtime) {
  const auto answers = []() -> task<int> { co_return 42; };
  const auto sleeps = []() -> task<int> {
    co_await sleep_for(1h);
    co_return 1;
  };
  std::optional<join_handle<int>> done;
  std::optional<join_handle<int>> stopped;
  unhandled lost;
  std::optional<join_handle<void>> failed;
  {
    runtime rt(lost.options(1));
    done.emplace(rt.spawn(answers));
    EXPECT_TRUE(eventually([&] { return done->is_done(); }));
    stopped.emplace(rt.spawn(sleeps));
    failed.emplace(rt.spawn(&fails_with, "long ago"));
    EXPECT_TRUE(eventually([&] { return failed->is_done(); }));
  }
  EXPECT_TRUE(stopped->is_done());
  stopped->request_stop();
  runtime other({.workers = 1});
  EXPECT_EQ(other.block_on(join(*done)), 42);
  EXPECT_THROW(other.block_on(join(*stopped)), stopped_error);
  failed.reset();
  EXPECT_EQ(lost.log.all(), lines{"long ago"});
}

TEST(join_handle, whenever_drop_stop_and_end_meet_frees_everything) {
  census here;
  {
    runtime rt({.workers = 4});
    for (int i = 0; i < 3000; ++i) {
      const auto yields = [&here, i]() -> task<int> {
        const resident local(here);
        for (int n = 0; n < i % 4; ++n) co_await yield_now();
        co_return 1;
      };
      auto handle = rt.spawn(yields);
      if (i % 3 == 0) handle.request_stop();
      if (i % 7 == 0) {
        auto moved = std::move(handle);
        moved.detach();
      }
    }
  }
  EXPECT_EQ(here.living(), 0);
}

TEST(join_handle, that_is_assigned_another_lets_the_first_go) {
  runtime rt({.workers = 1});
  const auto answers = [](int value) -> task<int> { co_return value; };
  auto handle = rt.spawn(answers, 1);
  handle = rt.spawn(answers, 2);
  EXPECT_EQ(rt.block_on(join(handle)), 2);
}

struct join_handle_death : testing::Test {
  join_handle_death() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(join_handle_death, T7_a_task_that_awaits_its_own_handle_fails_and_does_not_hang) {
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        door is_known;
        std::optional<join_handle<void>> self;
        const auto waits = [&]() -> task<> {
          co_await is_known.pass();
          co_await *self;
        };
        self.emplace(rt.spawn(waits));
        is_known.open();
        static_cast<void>(eventually([&] { return self->is_done(); }));
      },
      "awaits its own join_handle");
}

TEST_F(join_handle_death, T4_taking_the_result_twice_fails_with_words) {
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        const auto answers = []() -> task<int> { co_return 1; };
        auto handle = rt.spawn(answers);
        rt.block_on(join(handle));
        rt.block_on(join(handle));
      },
      "taken once");
}

task<> awaits_below(std::optional<join_handle<void>>& awaited, int joins) {
  if (joins == 0) {
    co_await *awaited;
  } else {
    co_await when_all(awaits_below(awaited, joins - 1), yield_now());
  }
}

void await_ones_own_below(int joins) {
  runtime rt({.workers = 1});
  std::optional<join_handle<void>> own;
  const auto awaits_itself = [&]() -> task<> { co_await awaits_below(own, joins); };
  const auto begins = [&]() -> task<> {
    own = spawn(awaits_itself);
    co_await sleep_for(1h);
  };
  rt.block_on(begins());
}

// T7
TEST_F(join_handle_death, awaiting_ones_own_in_a_child_fails_and_does_not_hang) {
  EXPECT_DEATH(await_ones_own_below(1), "awaits its own join_handle");
  EXPECT_DEATH(await_ones_own_below(16), "awaits its own join_handle");
}

TEST_F(join_handle_death, awaiting_one_that_was_let_go_fails_with_words) {
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        const auto answers = []() -> task<int> { co_return 1; };
        auto handle = rt.spawn(answers);
        handle.detach();
        rt.block_on(join(handle));
      },
      "moved from or detached");
}

}  // namespace
}  // namespace weft::test
