// for_each_concurrent: the same for every element, never more than n at a time.
// SPDX-License-Identifier: Apache-2.0
#include "weft/for_each_concurrent.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <list>
#include <memory>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(for_each_concurrent, A1_gives_results_in_the_order_of_the_range) {
  runtime rt({.workers = 2});
  const auto squares = [](int value) -> task<int> {
    for (int i = value % 5; i > 0; --i) co_await yield_now();
    co_return value* value;
  };
  std::vector<int> numbers;
  for (int i = 0; i < 500; ++i) numbers.push_back(i);
  for (const std::size_t at_most : {1u, 2u, 7u, 1000u}) {
    const std::vector<int> results = rt.block_on(for_each_concurrent(numbers, at_most, squares));
    EXPECT_EQ(results.size(), numbers.size());
    for (int i = 0; i < static_cast<int>(results.size()); ++i)
      EXPECT_EQ(results[static_cast<std::size_t>(i)], i * i);
  }
}

TEST(for_each_concurrent, never_runs_more_than_n_and_reaches_n) {
  runtime rt({.workers = 4});
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const auto counts = [&](int) -> task<> {
    const int now = ++inside;
    int before = most;
    while (now > before && !most.compare_exchange_weak(before, now)) {
    }
    // The first ones hold their places until as many have been let in as there may be.
    const auto until = std::chrono::steady_clock::now() + patience;
    while (most < 3 && std::chrono::steady_clock::now() < until) co_await yield_now();
    --inside;
  };
  const std::vector<int> many(300);
  rt.block_on(for_each_concurrent(many, 3, counts));
  EXPECT_EQ(most, 3);
}

TEST(for_each_concurrent, of_zero_at_a_time_is_refused) {
  runtime rt({.workers = 1});
  const std::vector<int> numbers{1, 2};
  const auto nothing = [](int) -> task<> { co_return; };
  EXPECT_THROW(rt.block_on(for_each_concurrent(numbers, 0, nothing)), std::invalid_argument);
}

TEST(for_each_concurrent, A8_of_an_empty_range_is_ready_at_once) {
  runtime rt({.workers = 1});
  const std::vector<int> none;
  const auto squares = [](int value) -> task<int> { co_return value* value; };
  EXPECT_TRUE(rt.block_on(for_each_concurrent(none, 5, squares)).empty());
  std::istringstream no_words;
  const auto takes = [](std::string) -> task<> { co_return; };
  rt.block_on(for_each_concurrent(std::views::istream<std::string>(no_words), 5, takes));
}

TEST(for_each_concurrent, takes_ranges_that_are_moved_in_lists_and_views) {
  runtime rt({.workers = 2});
  std::atomic<int> sum = 0;
  const auto adds = [&](int value) -> task<> {
    sum += value;
    co_return;
  };
  rt.block_on(for_each_concurrent(std::vector<int>{1, 2, 3}, 2, adds));
  rt.block_on(for_each_concurrent(std::list<int>{4, 5}, 2, adds));
  rt.block_on(for_each_concurrent(std::views::iota(6, 11), 2, adds));
  EXPECT_EQ(sum, 55);
}

TEST(for_each_concurrent, takes_a_range_that_can_be_read_only_once_and_values_that_only_move) {
  runtime rt({.workers = 3});
  std::ostringstream numbers;
  for (int i = 0; i < 200; ++i) numbers << i << ' ';
  std::istringstream input(numbers.str());
  const auto boxes = [](int value) -> task<std::unique_ptr<int>> {
    for (int i = value % 3; i > 0; --i) co_await yield_now();
    co_return std::make_unique<int>(value);
  };
  const auto boxed = rt.block_on(for_each_concurrent(std::views::istream<int>(input), 3, boxes));
  EXPECT_EQ(boxed.size(), 200u);
  for (std::size_t i = 0; i < boxed.size(); ++i) EXPECT_EQ(*boxed[i], static_cast<int>(i));
  // Elements that only move, each taken out of the range.
  std::vector<std::unique_ptr<int>> given;
  for (int i = 0; i < 10; ++i) given.push_back(std::make_unique<int>(i));
  const auto unboxes = [](std::unique_ptr<int> box) -> task<int> { co_return *box; };
  const auto moving =
      std::ranges::subrange(std::move_iterator(given.begin()), std::move_iterator(given.end()));
  const std::vector<int> unboxed = rt.block_on(for_each_concurrent(moving, 2, unboxes));
  EXPECT_EQ(std::accumulate(unboxed.begin(), unboxed.end(), 0), 45);
}

TEST(for_each_concurrent, gives_references_and_takes_functions_that_return_operations) {
  runtime rt({.workers = 2});
  std::vector<int> numbers{1, 2, 3};
  const auto refers = [](int& each) -> task<int&> { co_return each; };
  const auto all = rt.block_on(for_each_concurrent(numbers, 2, refers));
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(&all[2].get(), &numbers[2]);
  const auto doubles = [](int each) { return compute([each] { return 2 * each; }); };
  EXPECT_EQ(rt.block_on(for_each_concurrent(numbers, 2, doubles)), (std::vector<int>{2, 4, 6}));
  rt.block_on(for_each_concurrent(numbers, 2, [](int) { return yield_now(); }));
}

TEST(for_each_concurrent, refers_to_the_elements_of_an_lvalue) {
  runtime rt({.workers = 2});
  std::vector<int> numbers(100, 1);
  const auto doubles = [](int& value) -> task<> {
    value *= 2;
    co_return;
  };
  rt.block_on(for_each_concurrent(numbers, 4, doubles));
  for (const int each : numbers) EXPECT_EQ(each, 2);
}

TEST(for_each_concurrent, stops_the_rest_at_the_first_error_and_begins_no_more) {
  runtime rt({.workers = 1});
  census here;
  std::atomic<int> begun = 0;
  const auto fails_at_three = [&](int value) -> task<> {
    const resident local(here);
    ++begun;
    if (value == 3) throw std::runtime_error("three");
    co_await sleep_for(1h);
  };
  const std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8};
  const auto body = [&]() -> task<> {
    std::string caught = "nothing";
    try {
      co_await for_each_concurrent(numbers, 3, fails_at_three);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(caught, "three");
    EXPECT_EQ(here.living(), 0);
  };
  rt.block_on(body());
  EXPECT_EQ(begun, 3);
}

TEST(for_each_concurrent, forwards_a_stop) {
  runtime rt({.workers = 2});
  census here;
  const auto sleeps = [&](int) -> task<> {
    const resident local(here);
    co_await sleep_for(1h);
  };
  const std::vector<int> numbers(20);
  EXPECT_THROW(rt.block_on(with_timeout(5ms, for_each_concurrent(numbers, 4, sleeps))), timeout_error);
  EXPECT_EQ(here.born(), 4);
  EXPECT_EQ(here.living(), 0);
}

TEST(for_each_concurrent, throws_what_the_function_throws_when_it_is_called) {
  runtime rt({.workers = 1});
  struct refuses {
    task<> operator()(int) const {
      fail();
      return nothing();
    }
    static void fail() { throw std::runtime_error("no task"); }
    static task<> nothing() { co_return; }
  };
  const std::vector<int> numbers{1, 2, 3};
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(for_each_concurrent(numbers, 2, refuses()));
              return 0;
            }),
            "no task");
}

}  // namespace
}  // namespace weft::test
