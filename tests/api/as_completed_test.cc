// as_completed: each result as soon as it is there, and nobody left behind.
// SPDX-License-Identifier: Apache-2.0
#include "weft/as_completed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// C1: each task opens the door of the one before it.
TEST(as_completed, gives_results_in_the_order_in_which_they_come) {
  runtime rt({.workers = 2});
  constexpr int count = 10;
  std::vector<door> doors(count + 1);
  doors.back().open();
  const auto waits = [&](int number) -> task<int> {
    co_await doors[static_cast<std::size_t>(number) + 1].pass();
    co_return number;
  };
  std::vector<int> seen;
  const auto body = [&]() -> task<> {
    std::vector<task<int>> all;
    for (int i = 0; i < count; ++i) all.push_back(waits(i));
    co_await as_completed(std::move(all), [&](int number) {
      seen.push_back(number);
      doors[static_cast<std::size_t>(number)].open();
    });
  };
  rt.block_on(body());
  EXPECT_EQ(seen, (std::vector<int>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
}

TEST(as_completed, awaits_a_function_that_is_a_coroutine_before_the_next_call) {
  runtime rt({.workers = 2});
  int inside = 0;
  int calls = 0;
  const auto fn = [&](int) -> task<> {
    EXPECT_EQ(++inside, 1);
    co_await yield_now();
    --inside;
    ++calls;
  };
  const auto number = [](int value) -> task<int> { co_return value; };
  const auto body = [&]() -> task<> {
    std::vector<task<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(number(i));
    co_await as_completed(std::move(all), fn);
  };
  rt.block_on(body());
  EXPECT_EQ(calls, 100);
}

TEST(as_completed, calls_without_an_argument_for_tasks_without_a_result) {
  runtime rt({.workers = 1});
  int calls = 0;
  const auto nothing = []() -> task<> { co_return; };
  const auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(nothing());
    co_await as_completed(std::move(all), [&] { ++calls; });
    co_await as_completed(std::vector<task<>>(), [&] { ++calls; });
  };
  rt.block_on(body());
  EXPECT_EQ(calls, 3);
}

// C4
TEST(as_completed, that_is_left_early_by_an_error_stops_and_awaits_the_rest) {
  runtime rt({.workers = 2});
  census here;
  const auto waits = [&]() -> task<int> {
    const resident local(here);
    co_await sleep_for(1h);
    co_return 0;
  };
  const auto ready = []() -> task<int> { co_return 1; };
  const auto fails = []() -> task<int> {
    throw std::runtime_error("a task");
    co_return 1;
  };
  const auto fn_throws = [](int) { throw std::runtime_error("fn"); };
  const auto caught_from = [&](task<int> first, auto fn) -> task<std::string> {
    std::vector<task<int>> all;
    all.push_back(std::move(first));
    for (int i = 0; i < 5; ++i) all.push_back(waits());
    std::string caught = "nothing";
    try {
      co_await as_completed(std::move(all), fn);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(here.living(), 0);
    co_return caught;
  };
  EXPECT_EQ(rt.block_on(caught_from(ready(), fn_throws)), "fn");
  EXPECT_EQ(rt.block_on(caught_from(fails(), [](int) {})), "a task");
}

// C4
TEST(as_completed, that_is_left_early_by_a_stop_stops_and_awaits_the_rest) {
  runtime rt({.workers = 2});
  census here;
  const auto waits = [&]() -> task<int> {
    const resident local(here);
    co_await sleep_for(1h);
    co_return 0;
  };
  const auto body = [&]() -> task<> {
    std::vector<task<int>> all;
    for (int i = 0; i < 5; ++i) all.push_back(waits());
    co_await as_completed(std::move(all), [](int) {});
  };
  EXPECT_THROW(rt.block_on(with_timeout(5ms, body())), timeout_error);
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
