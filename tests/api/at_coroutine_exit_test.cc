// at_coroutine_exit: awaited clean-up, on every way out of a coroutine, in one order.
// SPDX-License-Identifier: Apache-2.0
#include "weft/at_coroutine_exit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// How a coroutine ends.
enum class way { returns, throws, is_stopped };

task<> notes(record& log, std::string what) {
  co_await yield_now();
  log.note(std::move(what));
}

class exit_hooks : public testing::TestWithParam<way> {
 public:
  task<int> goes_its_way() {
    co_await yield_now();
    if (GetParam() == way::throws) throw std::runtime_error("its own");
    if (GetParam() == way::is_stopped) co_await reached.pass();
    co_return 42;
  }

  // Runs it, stops it if that is its way, and checks how it ended.
  void run_to_the_end(task<int> body) {
    auto handle = rt.spawn(std::move(body));
    if (GetParam() == way::is_stopped) {
      EXPECT_TRUE(reached.is_reached());
      handle.request_stop();
    }
    const auto join = [&]() -> task<int> { co_return co_await handle; };
    switch (GetParam()) {
      case way::returns:
        EXPECT_EQ(rt.block_on(join()), 42);
        break;
      case way::throws:
        EXPECT_EQ(thrown_by([&] { return rt.block_on(join()); }), "its own");
        break;
      case way::is_stopped:
        EXPECT_THROW(rt.block_on(join()), stopped_error);
        break;
    }
  }

  record log;
  record reported;
  door reached;
  runtime rt{{.workers = 2, .on_unhandled_error = [this](const unhandled_error& lost) {
                try {
                  std::rethrow_exception(lost.error);
                } catch (const std::exception& error) {
                  reported.note(error.what());
                }
              }}};
};

TEST_P(exit_hooks, run_after_the_locals_last_first_and_before_the_caller_goes_on) {
  const auto inner = [&]() -> task<int> {
    const mark local(log, "inner local");
    co_await at_coroutine_exit(notes, std::ref(log), "inner 1");
    const mark later(log, "inner later local");
    co_await at_coroutine_exit(notes, std::ref(log), "inner 2");
    co_return co_await goes_its_way();
  };
  const auto outer = [&]() -> task<int> {
    const mark local(log, "outer local");
    co_await at_coroutine_exit(notes, std::ref(log), "outer");
    co_return co_await inner();
  };
  run_to_the_end(outer());
  EXPECT_EQ(log.all(),
            (lines{"inner later local", "inner local", "inner 2", "inner 1", "outer local", "outer"}));
}

TEST_P(exit_hooks, own_their_arguments_and_wait_without_being_stopped) {
  const auto cleans = [&](std::unique_ptr<int> owned, std::string text) -> task<> {
    EXPECT_FALSE(is_stopping());
    co_await sleep_for(1ms);
    co_await yield_now();
    co_await spawn_blocking([] {});
    log.note(text + std::to_string(*owned));
  };
  const auto body = [&]() -> task<int> {
    co_await at_coroutine_exit(cleans, std::make_unique<int>(7),
                               std::string("a string that is long enough: "));
    co_return co_await goes_its_way();
  };
  run_to_the_end(body());
  EXPECT_EQ(log.all(), lines{"a string that is long enough: 7"});
}

TEST_P(exit_hooks, take_operations_as_well_as_tasks) {
  semaphore limit(1);
  const auto acquires = [&] { return limit.acquire(); };
  const auto body = [&]() -> task<int> {
    co_await at_coroutine_exit([] { return sleep_for(1ms); });
    co_await at_coroutine_exit(acquires);
    co_return co_await goes_its_way();
  };
  run_to_the_end(body());
  EXPECT_EQ(limit.available(), 1u);
}

TEST_P(exit_hooks, that_throw_are_reported_and_change_nothing) {
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("clean-up failed");
  };
  const auto body = [&]() -> task<int> {
    co_await at_coroutine_exit(notes, std::ref(log), "the next one runs");
    co_await at_coroutine_exit(fails);
    co_return co_await goes_its_way();
  };
  run_to_the_end(body());
  EXPECT_EQ(log.all(), lines{"the next one runs"});
  EXPECT_EQ(reported.all(), lines{"clean-up failed"});
}

TEST_P(exit_hooks, may_have_their_own) {
  const auto cleans = [&]() -> task<> {
    co_await at_coroutine_exit(notes, std::ref(log), "the hook's own");
    log.note("the hook");
  };
  const auto body = [&]() -> task<int> {
    co_await at_coroutine_exit(cleans);
    co_return co_await goes_its_way();
  };
  run_to_the_end(body());
  EXPECT_EQ(log.all(), (lines{"the hook", "the hook's own"}));
}

TEST_P(exit_hooks, of_children_of_joins_run_before_the_join_goes_on) {
  std::atomic<bool> has_second_begun = false;
  const auto child = [&](int number) -> task<int> {
    co_await at_coroutine_exit(notes, std::ref(log), "child");
    if (number == 0) {
      while (!has_second_begun) co_await yield_now();
      co_return co_await goes_its_way();
    }
    has_second_begun = true;
    co_await sleep_for(1us);
    co_return number;
  };
  const auto body = [&]() -> task<int> {
    const mark local(log, "parent");
    const auto both = co_await when_all(child(0), child(1));
    log.note("went on");
    co_return std::get<0>(both);
  };
  run_to_the_end(body());
  lines expected{"child", "child"};
  if (GetParam() == way::returns) expected.push_back("went on");
  expected.push_back("parent");
  EXPECT_EQ(log.all(), expected);
}

TEST_P(exit_hooks, of_children_of_groups_and_timeouts_run_before_they_go_on) {
  const auto child = [&]() -> task<> {
    co_await at_coroutine_exit(notes, std::ref(log), "child");
    static_cast<void>(co_await goes_its_way());
  };
  const auto members = [&](task_group& group) -> task<int> {
    group.spawn(child);
    co_return 42;
  };
  const auto body = [&]() -> task<int> {
    const mark local(log, "parent");
    co_return co_await with_timeout(1h, with_task_group(members));
  };
  run_to_the_end(body());
  EXPECT_EQ(log.all(), (lines{"child", "parent"}));
}

TEST_P(exit_hooks, are_waited_for_by_the_runtimes_end) {
  std::atomic<bool> has_finished = false;
  gate held;
  {
    runtime ending({.workers = 1});
    const auto cleans = [&]() -> task<> {
      co_await spawn_blocking([&] { held.pass(); });
      co_await sleep_for(2ms);
      has_finished = true;
    };
    const auto body = [&]() -> task<int> {
      co_await at_coroutine_exit(cleans);
      co_return co_await goes_its_way();
    };
    auto handle = ending.spawn(body);
    if (GetParam() == way::is_stopped) {
      EXPECT_TRUE(reached.is_reached());
      handle.request_stop();
    }
    EXPECT_TRUE(held.is_reached());
    EXPECT_FALSE(handle.is_done());
    // The stop of the runtime comes while the clean-up waits.
    std::thread opens([&] { held.open(); });
    ending.stop();
    opens.join();
    EXPECT_TRUE(has_finished);
    const auto retrieves = [&]() -> task<int> { co_return co_await handle; };
    if (GetParam() == way::returns) {
      EXPECT_EQ(rt.block_on(retrieves()), 42);
    } else if (GetParam() == way::throws) {
      EXPECT_THROW(rt.block_on(retrieves()), std::runtime_error);
    }
  }
}

TEST_P(exit_hooks, are_named_in_a_report_while_they_wait) {
  door cleaning;
  const auto cleans = [&]() -> task<> { co_await cleaning.pass(); };
  const auto opens = [&]() -> task<> {
    EXPECT_TRUE(cleaning.is_reached());
    co_await yield_now();
    const std::string report = rt.dump();
    EXPECT_NE(report.find("awaits clean-up"), std::string::npos) << report;
    EXPECT_NE(report.find("run_exit_call"), std::string::npos) << report;
    cleaning.open();
  };
  auto handle = rt.spawn(opens);
  const auto body = [&]() -> task<int> {
    co_await at_coroutine_exit(cleans);
    co_return co_await goes_its_way();
  };
  run_to_the_end(body());
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
}

TEST_P(exit_hooks, many_of_one_coroutine_and_of_many_run_in_order) {
  int last = 0;
  const auto counts = [&](int number) -> task<> {
    EXPECT_EQ(last, number);
    --last;
    co_return;
  };
  struct nest {
    static task<int> level(exit_hooks& test, const std::function<task<>(int)>& hook, int& last, int depth) {
      for (int i = 0; i < 3; ++i) co_await at_coroutine_exit(hook, ++last);
      if (depth == 0) co_return co_await test.goes_its_way();
      co_return co_await level(test, hook, last, depth - 1);
    }
  };
  const std::function<task<>(int)> hook = counts;
  run_to_the_end(nest::level(*this, hook, last, 3000));
  EXPECT_EQ(last, 0);
}

std::string name_of(const testing::TestParamInfo<way>& of) {
  switch (of.param) {
    case way::returns:
      return "returns";
    case way::throws:
      return "throws";
    case way::is_stopped:
      return "is_stopped";
  }
  return "";
}
INSTANTIATE_TEST_SUITE_P(ways, exit_hooks, testing::Values(way::returns, way::throws, way::is_stopped),
                         name_of);

TEST(exit_hook, that_was_not_awaited_is_not_registered) {
  runtime rt({.workers = 1});
  record log;
  const auto body = [&]() -> task<> {
    auto dropped = at_coroutine_exit(notes, std::ref(log), "never");
    static_cast<void>(dropped);
    co_return;
  };
  rt.block_on(body());
  EXPECT_TRUE(log.all().empty());
}

// A stop that comes while the clean-up of a finished coroutine runs: the clean-up ends, the value is kept.
TEST(exit_hook, of_a_coroutine_that_returned_is_not_hurried_by_a_stop_that_comes_then) {
  runtime rt({.workers = 2});
  record log;
  door cleaning;
  const auto cleans = [&]() -> task<> {
    co_await cleaning.pass();
    co_await yield_now();
    log.note("cleaned");
  };
  const auto inner = [&]() -> task<int> {
    co_await at_coroutine_exit(cleans);
    co_return 42;
  };
  const auto body = [&]() -> task<> {
    log.note(std::to_string(co_await inner()));
    co_await yield_now();
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(cleaning.is_reached());
  handle.request_stop();
  cleaning.open();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"cleaned", "42"}));
}

TEST(exit_hook, raced_by_a_stop_runs_once) {
  runtime rt({.workers = 3});
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> registered = 0;
    std::atomic<int> ran = 0;
    const auto counts = [&]() -> task<> {
      co_await yield_now();
      ++ran;
    };
    const auto inner = [&]() -> task<> {
      co_await at_coroutine_exit(counts);
      ++registered;
      for (int i = 0; i <= round % 4; ++i) co_await yield_now();
    };
    const auto body = [&]() -> task<> {
      for (;;) co_await inner();
    };
    auto handle = rt.spawn(body);
    for (int i = 0; i < round * 7; ++i) static_cast<void>(handle.is_done());
    handle.request_stop();
    const auto join = [&]() -> task<> {
      try {
        co_await handle;
      } catch (const stopped_error&) {
      }
    };
    rt.block_on(join());
    EXPECT_EQ(registered, ran);
  }
}

}  // namespace
}  // namespace weft::test
