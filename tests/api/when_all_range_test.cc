// when_all of ranges, and of references: what may be handed over, and what comes back.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<int> number(int value) {
  co_return value;
}
task<> nothing() {
  co_return;
}

// What `range` gives; lists of values stay out of expressions with a co_await, for GCC 12's sake.
template <class Range>
task<> expect_all(Range&& range, const std::vector<int>& expected) {
  const std::vector<int> results = co_await when_all(std::forward<Range>(range));
  EXPECT_EQ(results, expected);
}

TEST(when_all_of_a_range, takes_what_a_view_makes) {
  runtime rt({.workers = 2});
  std::vector<int> to_hundred;
  for (int i = 0; i < 100; ++i) to_hundred.push_back(i);
  rt.block_on(expect_all(std::views::iota(0, 100) | std::views::transform(number), to_hundred));
  const auto is_even = [](int each) { return each % 2 == 0; };
  auto named = std::views::iota(0, 5) | std::views::filter(is_even) | std::views::transform(number);
  rt.block_on(expect_all(named, {0, 2, 4}));
}

TEST(when_all_of_a_range, takes_arrays_lists_spans_and_moving_iterators) {
  runtime rt({.workers = 2});
  rt.block_on(expect_all(std::array<task<int>, 2>{number(1), number(2)}, {1, 2}));
  std::list<task<int>> list;
  list.push_back(number(3));
  rt.block_on(expect_all(std::move(list), {3}));
  std::vector<task<int>> vector;
  for (int i = 0; i < 4; ++i) vector.push_back(number(i));
  rt.block_on(expect_all(std::span(vector).subspan(0, 2), {0, 1}));
  EXPECT_FALSE(vector[1].is_valid()) << "moved out of what the span refers to";
  EXPECT_TRUE(vector[2].is_valid());
  const auto rest =
      std::ranges::subrange(std::move_iterator(vector.begin() + 2), std::move_iterator(vector.end()));
  rt.block_on(expect_all(rest, {2, 3}));
}

TEST(when_all_of_a_range, takes_one_that_can_be_read_only_once) {
  runtime rt({.workers = 2});
  std::istringstream input("5 6 7");
  rt.block_on(expect_all(std::views::istream<int>(input) | std::views::transform(number), {5, 6, 7}));
}

TEST(when_all_of_a_range, takes_operations_and_handles) {
  runtime rt({.workers = 2});
  std::vector<join_handle<int>> handles;
  for (int i = 0; i < 3; ++i) handles.push_back(rt.spawn(number, i));
  rt.block_on(expect_all(std::move(handles), {0, 1, 2}));
  const auto sleeps = [](int) { return sleep_for(1ms); };
  rt.block_on(when_all(std::views::iota(0, 3) | std::views::transform(sleeps)));
}

TEST(when_all_of_a_range, A8_of_nothing_is_ready_at_once) {
  runtime rt({.workers = 1});
  rt.block_on(expect_all(std::views::empty<int> | std::views::transform(number), {}));
  rt.block_on(when_all(std::list<task<>>()));
}

// Says that it has one element less.
struct understated {
  [[nodiscard]] auto begin() { return std::make_move_iterator(tasks.begin()); }
  [[nodiscard]] auto end() { return std::make_move_iterator(tasks.end()); }
  [[nodiscard]] std::size_t size() const { return tasks.size() - 1; }
  std::vector<task<int>> tasks;
};

TEST(when_all_of_a_range, of_more_elements_than_its_size_says_aborts_with_words) {
  EXPECT_DEATH(
      {
        understated both;
        both.tasks.push_back(number(1));
        both.tasks.push_back(number(2));
        static_cast<void>(when_all(both));
      },
      "more elements than its size");
}

TEST(when_all_of_a_range, has_taken_its_tasks_when_the_range_dies) {
  runtime rt({.workers = 2});
  auto later = [] {
    const std::vector<int> numbers{4, 5};
    return when_all(numbers | std::views::transform(number));
  }();
  const std::vector<int> results = rt.block_on(std::move(later));
  EXPECT_EQ(results, (std::vector<int>{4, 5}));
}

TEST(when_all_of_a_range, stops_the_rest_when_one_fails) {
  runtime rt({.workers = 2});
  census here;
  const auto all_but_one_wait = [&](int each) -> task<> {
    const resident local(here);
    if (each == 5) throw std::runtime_error("five");
    co_await sleep_for(1h);
  };
  const auto body = [&]() -> task<> {
    co_await when_all(std::views::iota(0, 10) | std::views::transform(all_but_one_wait));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(body());
              return 0;
            }),
            "five");
  EXPECT_EQ(here.living(), 0);
}

// --- what comes back

TEST(when_all, gives_references_as_references) {
  runtime rt({.workers = 2});
  int a = 1;
  int b = 2;
  const auto refers_to = [](int& object) -> task<int&> { co_return object; };
  const auto body = [&]() -> task<> {
    auto both = co_await when_all(refers_to(a), nothing(), refers_to(b));
    static_assert(std::is_same_v<decltype(both), std::tuple<int&, std::monostate, int&>>);
    EXPECT_EQ(&std::get<0>(both), &a);
    EXPECT_EQ(&std::get<2>(both), &b);
    std::vector<task<int&>> tasks;
    tasks.push_back(refers_to(a));
    tasks.push_back(refers_to(b));
    const auto all = co_await when_all(std::move(tasks));
    static_assert(std::is_same_v<decltype(all), const std::vector<std::reference_wrapper<int>>>);
    EXPECT_EQ(&all[0].get(), &a);
    EXPECT_EQ(&all[1].get(), &b);
  };
  rt.block_on(body());
}

TEST(when_all, gives_values_that_only_move) {
  runtime rt({.workers = 2});
  const auto makes = [](int value) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
  const auto body = [&]() -> task<> {
    const auto [a, b] = co_await when_all(makes(1), makes(2));
    EXPECT_EQ(*a + *b, 3);
    const auto all = co_await when_all(std::views::iota(0, 3) | std::views::transform(makes));
    EXPECT_EQ(*all[2], 2);
  };
  rt.block_on(body());
}

// --- a hundred thousand children

constexpr int many = 100'000;

TEST(when_all, of_many_tasks_does_not_grow_the_stack) {
  runtime rt({.workers = 2});
  const auto body = []() -> task<std::size_t> {
    const auto results = co_await when_all(std::views::iota(0, many) | std::views::transform(number));
    co_return results.size();
  };
  EXPECT_EQ(rt.block_on(body()), static_cast<std::size_t>(many));
}

TEST(when_all, of_many_tasks_that_wait_is_stopped_without_growing_the_stack) {
  runtime rt({.workers = 2});
  census here;
  const auto waits = [&](int each) -> task<> {
    const resident local(here);
    co_await sleep_for(1h);
    if (each < 0) co_return;
  };
  const auto last_one_fails = [&](int each) -> task<> {
    if (each == many - 1) throw std::runtime_error("last");
    co_await waits(each);
  };
  const auto body = [&]() -> task<> {
    co_await when_all(std::views::iota(0, many) | std::views::transform(last_one_fails));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(body());
              return 0;
            }),
            "last");
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
