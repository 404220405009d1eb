// as_completed: each result as soon as it is there, and nobody left behind.
// SPDX-License-Identifier: Apache-2.0
#include "weft/as_completed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/as_outcome.h"
#include "weft/offload.h"
#include "weft/outcome.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Each task opens the door of the one before it.
TEST(as_completed, C1_gives_results_in_the_order_in_which_they_come) {
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

TEST(as_completed, C4_that_is_left_early_by_an_error_stops_and_awaits_the_rest) {
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

TEST(as_completed, C4_that_is_left_early_by_a_stop_stops_and_awaits_the_rest) {
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

// As we decided it: decision 0014.
TEST(as_completed, C2_within_a_timeout_leaves_nobody_behind) {
  runtime rt({.workers = 2});
  census here;
  std::vector<int> seen;
  const auto waits_but = [&](int value) -> task<int> {
    const resident local(here);
    if (value != 1) co_await sleep_for(1h);
    co_return value;
  };
  const auto uses = [&](int value) { seen.push_back(value); };
  const auto body = [&]() -> task<> {
    const auto range = std::views::iota(0, 3) | std::views::transform(waits_but);
    try {
      co_await with_timeout(5ms, as_completed(range, uses));
    } catch (const timeout_error&) {
      seen.push_back(-1);
    }
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(body());
  EXPECT_EQ(seen, (std::vector<int>{1, -1}));
}

TEST(as_completed, C6_of_outcomes_gives_each_error_with_its_item_and_stops_nobody) {
  runtime rt({.workers = 2});
  std::vector<std::string> errors;
  int values = 0;
  const auto odd_ones_fail = [](int value) -> task<int> {
    if (value % 2 == 1) throw std::runtime_error(std::to_string(value));
    co_await yield_now();
    co_return value;
  };
  const auto tell = [&](outcome<int> end) {
    if (end.has_error()) errors.push_back(text_of(end.error()));
    if (end.has_value()) ++values;
  };
  const auto body = [&]() -> task<> {
    const auto outcome_of = [&](int value) { return as_outcome(odd_ones_fail(value)); };
    co_await as_completed(std::views::iota(0, 6) | std::views::transform(outcome_of), tell);
  };
  rt.block_on(body());
  std::sort(errors.begin(), errors.end());
  EXPECT_EQ(errors, (std::vector<std::string>{"1", "3", "5"}));
  EXPECT_EQ(values, 3);
}

// --- several types

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

TEST(as_completed, of_several_types_calls_with_each_in_the_order_in_which_they_come) {
  runtime rt({.workers = 1});
  record log;
  door opened_by_text;
  door opened_by_nothing;
  int object = 7;
  const auto number = [&]() -> task<std::unique_ptr<int>> {
    co_await opened_by_nothing.pass();
    co_return std::make_unique<int>(3);
  };
  const auto nothing = [&]() -> task<> { co_await opened_by_text.pass(); };
  const auto text = []() -> task<std::string> { co_return "text"; };
  const auto refers = [&]() -> task<int&> {
    co_await opened_by_nothing.pass();
    co_return object;
  };
  auto each = overloaded{
      [&](std::unique_ptr<int> one) { log.note("number " + std::to_string(*one)); },
      [&] {
        log.note("nothing");
        opened_by_nothing.open();
      },
      [&](const std::string& words) -> task<> {
        co_await yield_now();
        log.note(words);
        opened_by_text.open();
      },
      [&](int& referred) { log.note(&referred == &object ? "the object" : "another object"); },
  };
  rt.block_on(as_completed(number(), nothing(), text(), refers(), std::move(each)));
  lines all = log.all();
  EXPECT_EQ(all.size(), 4u);
  EXPECT_EQ(all.at(0), "text");
  EXPECT_EQ(all.at(1), "nothing");
  std::sort(all.begin() + 2, all.end());
  EXPECT_EQ(all.at(2), "number 3");
  EXPECT_EQ(all.at(3), "the object");
}

TEST(as_completed, of_several_types_takes_a_function_for_all_of_them_and_operations) {
  runtime rt({.workers = 2});
  double sum = 0;
  const auto whole = []() -> task<int> { co_return 1; };
  const auto half = []() -> task<double> { co_return 0.5; };
  rt.block_on(as_completed(whole(), half(), compute([] { return 2.0F; }), [&](auto each) { sum += each; }));
  EXPECT_EQ(sum, 3.5);
}

TEST(as_completed, of_several_types_stops_the_rest_at_an_error) {
  runtime rt({.workers = 2});
  census here;
  const auto waits = [&]() -> task<std::string> {
    const resident local(here);
    co_await sleep_for(1h);
    co_return "";
  };
  const auto fails = []() -> task<int> {
    co_await yield_now();
    throw std::runtime_error("failed");
    co_return 0;
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(as_completed(waits(), fails(), waits(), [](auto) {}));
              return 0;
            }),
            "failed");
  EXPECT_EQ(here.living(), 0);
}

TEST(as_completed, A8_of_an_empty_range_calls_nothing) {
  runtime rt({.workers = 1});
  const auto number = [](int value) -> task<int> { co_return value; };
  int calls = 0;
  const auto counts = [&](int) { ++calls; };
  rt.block_on(as_completed(std::vector<task<int>>(), counts));
  rt.block_on(as_completed(std::views::empty<int> | std::views::transform(number), counts));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace weft::test
