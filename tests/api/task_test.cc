// What a task is: lazy, owned, awaited once. Results of all kinds are in task_result_test.cc.
// SPDX-License-Identifier: Apache-2.0
#include "weft/task.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

task<> note_started(record& log, std::string name) {
  log.note(name + " starts");
  co_return;
}

TEST(task, T1_calling_a_coroutine_function_runs_nothing) {
  record log;
  {
    const task<> never_awaited = note_started(log, "it");
    EXPECT_TRUE(never_awaited.is_valid());
  }
  EXPECT_EQ(log.all(), lines());
}

TEST(task, runs_its_body_when_it_is_awaited) {
  runtime rt({.workers = 1});
  record log;
  const auto awaits = [&]() -> task<> {
    task<> later = note_started(log, "later");
    log.note("before");
    co_await std::move(later);
    log.note("after");
  };
  rt.block_on(awaits());
  EXPECT_EQ(log.all(), (lines{"before", "later starts", "after"}));
}

// Overlap is what spawn and when_all are for.
TEST(task, T3_two_that_are_awaited_one_after_the_other_do_not_overlap) {
  runtime rt({.workers = 2});
  record log;
  const auto step = [&](std::string name) -> task<> {
    log.note(name + " begins");
    co_await yield_now();
    log.note(name + " ends");
  };
  const auto both = [&]() -> task<> {
    task<> a = step("a");
    task<> b = step("b");
    co_await std::move(a);
    co_await std::move(b);
  };
  rt.block_on(both());
  EXPECT_EQ(log.all(), (lines{"a begins", "a ends", "b begins", "b ends"}));
}

TEST(task, that_is_never_awaited_destroys_its_arguments) {
  census here;
  const auto takes = [](resident) -> task<> { co_return; };
  {
    const task<> dropped = takes(resident(here));
    EXPECT_EQ(here.living(), 1);
  }
  EXPECT_EQ(here.living(), 0);
}

TEST(task, keeps_its_arguments_until_the_full_expression_that_awaits_it_ends) {
  runtime rt({.workers = 1});
  census here;
  const auto takes = [](resident) -> task<> { co_return; };
  const auto awaits = [&]() -> task<> {
    task<> holding = takes(resident(here));
    EXPECT_EQ(here.living(), 1);
    co_await std::move(holding);
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(awaits());
}

TEST(task, may_be_moved_before_it_is_awaited) {
  runtime rt({.workers = 1});
  record log;
  task<> first = note_started(log, "moved");
  task<> second = std::move(first);
  EXPECT_FALSE(first.is_valid());  // NOLINT: what a moved-from task says is the claim
  rt.block_on(std::move(second));
  EXPECT_EQ(log.all(), lines{"moved starts"});
}

TEST(task, that_is_assigned_another_drops_the_one_it_had) {
  census here;
  const auto takes = [](resident) -> task<> { co_return; };
  task<> kept = takes(resident(here));
  kept = takes(resident(here));
  EXPECT_EQ(here.living(), 1);
}

TEST(task, destroys_locals_innermost_first) {
  runtime rt({.workers = 1});
  record log;
  const auto inner = [&]() -> task<> {
    const mark a(log, "inner a");
    const mark b(log, "inner b");
    co_await yield_now();
  };
  const auto outer = [&]() -> task<> {
    const mark a(log, "outer");
    co_await inner();
    log.note("inner has ended");
  };
  rt.block_on(outer());
  EXPECT_EQ(log.all(), (lines{"inner b", "inner a", "inner has ended", "outer"}));
}

// --- errors

task<int> fails(std::string how) {
  co_await yield_now();
  throw std::runtime_error(how);
}

TEST(task, throws_its_error_from_the_await_that_waits_for_it) {
  runtime rt({.workers = 1});
  record log;
  const auto middle = [&]() -> task<int> {
    const mark unwound(log, "middle unwound");
    const int never = co_await fails("deep");
    log.note("went on after an error");
    co_return never;
  };
  const auto outer = [&]() -> task<std::string> {
    std::string caught = "nothing";
    try {
      co_await middle();
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    co_await yield_now();  // an error that was caught is over
    co_return caught;
  };
  EXPECT_EQ(rt.block_on(outer()), "deep");
  EXPECT_EQ(log.all(), lines{"middle unwound"});
}

TEST(task, that_throws_before_it_first_suspends_delivers_that_too) {
  runtime rt({.workers = 1});
  const auto at_once = []() -> task<int> {
    throw std::logic_error("at once");
    co_return 1;
  };
  EXPECT_EQ(thrown_by([&] { return rt.block_on(at_once()); }), "at once");
}

TEST(task, carries_errors_that_are_no_exceptions_of_the_standard) {
  runtime rt({.workers = 1});
  const auto throws_a_number = []() -> task<> {
    throw 42;
    co_return;
  };
  int caught = 0;
  try {
    rt.block_on(throws_a_number());
  } catch (int number) {
    caught = number;
  }
  EXPECT_EQ(caught, 42);
}

TEST(task, frees_everything_when_a_constructor_of_a_local_throws) {
  runtime rt({.workers = 1});
  census here;
  struct refuses {
    refuses() { throw std::runtime_error("refused"); }
  };
  const auto body = [&](resident) -> task<> {
    const resident local(here);
    const refuses never;
    co_return;
  };
  EXPECT_EQ(thrown_by([&]() -> int {
              rt.block_on(body(resident(here)));
              return 0;
            }),
            "refused");
  EXPECT_EQ(here.living(), 0);
}

// --- broken rules

struct task_death : testing::Test {
  task_death() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

task<> awaits_that(task<>* it) {
  co_await std::move(*it);
}

TEST_F(task_death, T7_awaiting_itself_fails_and_does_not_hang) {
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        task<> self = awaits_that(&self);
        rt.block_on(std::move(self));
      },
      "awaited or started once");
}

TEST_F(task_death, awaiting_one_twice_fails_with_words) {
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        record log;
        task<> once = note_started(log, "once");
        rt.block_on(std::move(once));
        rt.block_on(std::move(once));  // NOLINT: the claim
      },
      "awaited or started once");
}

}  // namespace
}  // namespace weft::test
