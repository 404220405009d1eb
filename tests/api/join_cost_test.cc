// What joins cost: no allocation for a fixed number of tasks, besides the tasks themselves.
//
// This program counts its own operator new. The frames of the tasks are counted by awaiting the same tasks
// one after the other, because sanitizer builds do not recycle them.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "tests/support/counting_new.h"
#include "weft/as_outcome.h"
#include "weft/runtime.h"
#include "weft/when_all.h"
#include "weft/when_all_settled.h"
#include "weft/when_any.h"

namespace weft::test {
namespace {

task<int> number(int value) {
  co_return value;
}
task<> nothing() {
  co_return;
}

// How often `body` allocates, once it has run before: twice the same, to see that the count is steady.
template <class Body>
std::size_t allocations_of(const Body& body) {
  runtime rt({.workers = 1});
  std::size_t counted = 0;
  const auto counts = [&]() -> task<> {
    co_await body();
    const std::size_t before = allocations;
    co_await body();
    counted = allocations - before;
  };
  rt.block_on(counts());
  return counted;
}

TEST(joins, of_a_fixed_number_of_tasks_allocate_nothing) {
  const auto one_after_the_other = []() -> task<> {
    co_await number(1);
    co_await nothing();
    co_await number(3);
  };
  const auto all = []() -> task<> { static_cast<void>(co_await when_all(number(1), nothing(), number(3))); };
  const auto settled = []() -> task<> {
    static_cast<void>(co_await when_all_settled(number(1), nothing(), number(3)));
  };
  const auto any = []() -> task<> { static_cast<void>(co_await when_any(number(1), nothing(), number(3))); };
  const std::size_t frames = allocations_of(one_after_the_other);
  EXPECT_EQ(allocations_of(all), frames);
  EXPECT_EQ(allocations_of(settled), frames);
  EXPECT_EQ(allocations_of(any), frames);
}

TEST(joins, of_one_task_allocate_nothing) {
  const auto alone = []() -> task<> { co_await number(1); };
  const auto as_value = []() -> task<> { static_cast<void>(co_await as_outcome(number(1))); };
  const auto optional = []() -> task<> { static_cast<void>(co_await stopped_as_optional(number(1))); };
  const std::size_t frames = allocations_of(alone);
  EXPECT_EQ(allocations_of(as_value), frames);
  EXPECT_EQ(allocations_of(optional), frames);
}

TEST(joins, of_a_vector_allocate_one_block_besides_the_vectors) {
  constexpr int count = 20;
  const auto one_after_the_other = []() -> task<> {
    std::vector<task<>> tasks;
    tasks.reserve(count);
    for (int i = 0; i < count; ++i) tasks.push_back(nothing());
    for (task<>& each : tasks) co_await std::move(each);
  };
  const auto all = []() -> task<> {
    std::vector<task<>> tasks;
    tasks.reserve(count);
    for (int i = 0; i < count; ++i) tasks.push_back(nothing());
    co_await when_all(std::move(tasks));
  };
  const auto any = []() -> task<> {
    std::vector<task<>> tasks;
    tasks.reserve(count);
    for (int i = 0; i < count; ++i) tasks.push_back(nothing());
    static_cast<void>(co_await when_any(std::move(tasks)));
  };
  const std::size_t without = allocations_of(one_after_the_other);
  EXPECT_EQ(allocations_of(all), without + 1);
  EXPECT_EQ(allocations_of(any), without + 1);
}

}  // namespace
}  // namespace weft::test
