// when_all: all at once, results in argument order, the first error ends the rest.
// SPDX-License-Identifier: Apache-2.0
#include "weft/when_all.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(when_all, A1_gives_results_in_argument_order_and_not_in_completion_order) {
  runtime rt({.workers = 2});
  record log;
  door second_is_done;
  const auto waits = [&]() -> task<std::string> {
    co_await second_is_done.pass();
    log.note("first");
    co_return "first";
  };
  const auto opens = [&]() -> task<std::string> {
    log.note("second");
    second_is_done.open();
    co_return "second";
  };
  const auto both = [&]() -> task<> {
    const auto [a, b] = co_await when_all(waits(), opens());
    EXPECT_EQ(a, "first");
    EXPECT_EQ(b, "second");
  };
  rt.block_on(both());
  EXPECT_EQ(log.all(), (lines{"second", "first"}));
}

TEST(when_all, A1_of_a_vector_gives_a_vector_in_argument_order) {
  runtime rt({.workers = 2});
  const auto number = [](int value) -> task<int> {
    for (int i = value % 3; i > 0; --i) co_await yield_now();
    co_return value;
  };
  const auto all = [&]() -> task<std::vector<int>> {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 1000; ++i) tasks.push_back(number(i));
    co_return co_await when_all(std::move(tasks));
  };
  const std::vector<int> results = rt.block_on(all());
  EXPECT_EQ(results.size(), 1000u);
  for (int i = 0; i < static_cast<int>(results.size()); ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
}

TEST(when_all, A8_of_nothing_is_ready_at_once) {
  runtime rt({.workers = 1});
  record log;
  const auto peer = [&]() -> task<> {
    log.note("a peer ran meanwhile");
    co_return;
  };
  const auto awaits = [&]() -> task<> {
    auto other = spawn(peer);
    const std::tuple<> none = co_await when_all();
    static_cast<void>(none);
    const std::vector<int> no_values = co_await when_all(std::vector<task<int>>());
    EXPECT_TRUE(no_values.empty());
    co_await when_all(std::vector<task<>>());
    log.note("ready");
    co_await other;
  };
  rt.block_on(awaits());
  EXPECT_EQ(log.all().front(), "ready");
}

// The leaves block their workers until all of them are there, so they end only if each has a worker.
class parallel_leaves : public testing::TestWithParam<unsigned> {};

task<bool> attends(meeting& all) {
  co_return all.attend();
}

TEST_P(parallel_leaves, A9_on_idle_workers_take_the_time_of_one_leaf) {
  const unsigned workers = GetParam();
  runtime rt({.workers = workers});
  for (int round = 0; round < 20; ++round) {
    meeting all(workers);
    const auto fork = [&]() -> task<> {
      std::vector<task<bool>> leaves;
      for (unsigned i = 0; i < workers; ++i) leaves.push_back(attends(all));
      for (const bool met : co_await when_all(std::move(leaves))) EXPECT_TRUE(met);
    };
    rt.block_on(fork());
    EXPECT_EQ(all.threads(), workers);
  }
}

TEST_P(parallel_leaves, A9_of_a_fixed_number_meet_as_well) {
  const unsigned workers = GetParam();
  runtime rt({.workers = workers});
  for (int round = 0; round < 20; ++round) {
    meeting two(2);
    const auto fork = [&]() -> task<> {
      const auto [a, b] = co_await when_all(attends(two), attends(two));
      EXPECT_TRUE(a);
      EXPECT_TRUE(b);
    };
    rt.block_on(fork());
  }
}

TEST_P(parallel_leaves, A9_that_are_nested_in_further_when_alls_meet_as_well) {
  const unsigned workers = GetParam();
  runtime rt({.workers = workers});
  for (int round = 0; round < 20; ++round) {
    meeting all(workers);
    const auto group_of = [&](unsigned leaves) -> task<> {
      std::vector<task<bool>> tasks;
      for (unsigned i = 0; i < leaves; ++i) tasks.push_back(attends(all));
      for (const bool met : co_await when_all(std::move(tasks))) EXPECT_TRUE(met);
    };
    const auto fork = [&]() -> task<> {
      co_await when_all(group_of(workers / 2), group_of(workers - workers / 2));
    };
    rt.block_on(fork());
  }
}

INSTANTIATE_TEST_SUITE_P(workers, parallel_leaves, testing::Values(2u, 3u, 4u));

TEST(when_all, may_be_nested_in_a_tree_of_many_leaves) {
  runtime rt({.workers = 4});
  struct tree {
    static task<long> sum(int depth) {
      if (depth == 0) co_return 1;
      const auto [left, right] = co_await when_all(sum(depth - 1), sum(depth - 1));
      co_return left + right;
    }
  };
  EXPECT_EQ(rt.block_on(tree::sum(14)), 1L << 14);
}

// --- errors

// As we decided it: decision 0014.
TEST(when_all, A3_throws_the_first_error_after_the_rest_was_stopped_and_awaited) {
  runtime rt({.workers = 2});
  census here;
  door all_wait;
  const auto sleeps = [&]() -> task<> {
    const resident local(here);
    co_await all_wait.pass();
    co_await sleep_for(1h);
    ADD_FAILURE() << "a stopped task went on";
  };
  const auto fails = [&]() -> task<int> {
    co_await all_wait.pass();
    throw std::runtime_error("first");
  };
  const auto all = [&]() -> task<> {
    std::string caught = "nothing";
    try {
      co_await when_all(sleeps(), fails(), sleeps());
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(caught, "first");
    EXPECT_EQ(here.living(), 0) << "the error came before the others had ended";
  };
  auto handle = rt.spawn(all);
  EXPECT_TRUE(all_wait.is_reached(3));
  all_wait.open();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
}

TEST(when_all, does_not_begin_what_nobody_has_taken_when_the_first_one_fails) {
  runtime rt({.workers = 1});
  std::atomic<int> begun = 0;
  const auto fails = []() -> task<> {
    throw std::runtime_error("at once");
    co_return;
  };
  const auto counts = [&]() -> task<> {
    ++begun;
    co_return;
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> tasks;
    tasks.push_back(fails());
    for (int i = 0; i < 10; ++i) tasks.push_back(counts());
    co_await when_all(std::move(tasks));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(all());
              return 0;
            }),
            "at once");
  EXPECT_EQ(begun, 0);
}

TEST(when_all, throws_the_error_that_came_first_in_time) {
  runtime rt({.workers = 2});
  gate go;
  std::atomic<bool> has_begun = false;  // the one that is to be stopped
  const auto fails_late = [&]() -> task<> {
    // A function that runs is not interrupted: this error comes after the other one, for certain.
    co_await spawn_blocking([&] {
      go.pass();
      throw std::runtime_error("late");
    });
  };
  const auto fails_early = [&]() -> task<> {
    EXPECT_TRUE(go.is_reached());
    EXPECT_TRUE(eventually([&] { return has_begun.load(); }));
    throw std::runtime_error("early");
    co_return;
  };
  struct opens_at_death {
    gate& opened;
    ~opens_at_death() { opened.open(); }
  };
  const auto is_stopped = [&]() -> task<> {
    const opens_at_death once_unwound{go};
    has_begun = true;
    co_await sleep_for(1h);
  };
  const auto all = [&]() -> task<> { co_await when_all(fails_late(), is_stopped(), fails_early()); };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(all());
              return 0;
            }),
            "early");
}

TEST(when_all, A7_that_has_failed_is_over_for_a_stop_that_comes_later) {
  runtime rt({.workers = 2});
  record log;
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("failed");
  };
  const auto body = [&]() -> task<> {
    try {
      co_await when_all(fails(), fails());
    } catch (const std::runtime_error&) {
      log.note("caught");
    }
    co_await sleep_for(1h);
  };
  const auto stopped = [&]() -> task<> { co_await with_timeout(20ms, body()); };
  EXPECT_THROW(rt.block_on(stopped()), timeout_error);
  EXPECT_EQ(log.all(), lines{"caught"});
}

// --- stop

TEST(when_all, A5_forwards_a_stop_to_all_tasks_and_is_unwound_after_them) {
  runtime rt({.workers = 2});
  record log;
  door all_wait;
  const auto sleeps = [&]() -> task<> {
    const mark local(log, "child");
    co_await all_wait.pass();
  };
  const auto body = [&]() -> task<> {
    const mark local(log, "parent");
    co_await when_all(sleeps(), sleeps(), sleeps());
    log.note("went on after a stop");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(all_wait.is_reached(3));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"child", "child", "child", "parent"}));
}

TEST(when_all, N4_delivers_results_when_all_finish_in_spite_of_a_stop) {
  runtime rt({.workers = 2});
  gate go;
  const auto effect = [&]() -> task<int> {
    co_return co_await spawn_blocking([&] {
      go.pass();
      return 1;
    });
  };
  const auto body = [&]() -> task<int> {
    const auto [a, b] = co_await when_all(effect(), effect());
    co_return a + b;
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(go.is_reached(2));
  handle.request_stop();
  go.open();
  const auto join = [&]() -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), 2);
}

TEST(when_all, in_a_task_that_is_stopping_begins_nothing) {
  runtime rt({.workers = 2});
  census here;
  std::atomic<int> begun = 0;
  const auto counts = [&](resident) -> task<> {
    ++begun;
    co_return;
  };
  const auto body = [&]() -> task<> { co_await when_all(counts(resident(here)), counts(resident(here))); };
  EXPECT_THROW(rt.block_on(with_timeout(0s, body())), timeout_error);
  EXPECT_EQ(begun, 0);
  EXPECT_EQ(here.living(), 0);
}

// A stop of somebody else is an error of the child that waited for it, and no stop of the caller.
TEST(when_all, A6_with_a_child_that_awaited_a_stopped_task_throws_and_the_caller_goes_on) {
  runtime rt({.workers = 2});
  census here;
  const auto sleeps = [&]() -> task<> {
    const resident local(here);
    co_await sleep_for(1h);
  };
  const auto body = [&]() -> task<std::string> {
    auto other = spawn(sleeps);
    const auto joins = [&]() -> task<> { co_await other; };
    other.request_stop();
    std::string caught = "nothing";
    try {
      co_await when_all(joins(), sleeps());
    } catch (const stopped_error&) {
      caught = "stopped_error";
    }
    EXPECT_EQ(here.living(), 0) << "the sibling was not stopped and awaited";
    co_await yield_now();  // the caller is not stopping
    co_return caught;
  };
  EXPECT_EQ(rt.block_on(body()), "stopped_error");
}

TEST(when_all_death, A2_of_the_same_task_twice_fails_with_words) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto answers = []() -> task<int> { co_return 42; };
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        task<int> once = answers();
        rt.block_on(when_all(std::move(once), std::move(once)));  // NOLINT: the claim
      },
      "awaited or started once");
}

TEST(when_all, takes_operations_beside_tasks) {
  runtime rt({.workers = 2});
  const auto answers = []() -> task<int> { co_return 42; };
  const auto body = [&]() -> task<int> {
    auto [nothing, hash, answer] = co_await when_all(sleep_for(1ms), compute([] { return 7; }), answers());
    static_cast<void>(nothing);
    co_return hash + answer;
  };
  EXPECT_EQ(rt.block_on(body()), 49);
}

TEST(when_all, that_is_never_awaited_destroys_its_tasks) {
  census here;
  const auto takes = [](resident) -> task<> { co_return; };
  {
    const auto never = when_all(takes(resident(here)), takes(resident(here)));
    EXPECT_EQ(here.living(), 2);
  }
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
