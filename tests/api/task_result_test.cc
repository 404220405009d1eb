// Results of every kind travel through every join: values, move-only values, references, void, over-aligned.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct alignas(64) cache_line {
  explicit cache_line(int given) : value(given) {}
  [[nodiscard]] bool is_aligned() const { return reinterpret_cast<std::uintptr_t>(this) % 64 == 0; }
  int value;
  std::array<char, 60> rest = {};
};

struct no_default {
  explicit no_default(int given) : value(given) {}
  int value;
};

task<std::unique_ptr<int>> boxed(int value) {
  co_await yield_now();
  co_return std::make_unique<int>(value);
}
task<int&> referring_to(int& target) {
  co_await yield_now();
  co_return target;
}
// No object of the type lives in a frame here: GCC does not align the frames of coroutines for their locals.
task<cache_line> aligned(int value) {
  co_await yield_now();
  co_return cache_line(value);
}
task<> nothing() {
  co_await yield_now();
}

TEST(task_result, a_value_may_lack_a_default_constructor) {
  runtime rt({.workers = 1});
  const auto makes = []() -> task<no_default> { co_return no_default(3); };
  EXPECT_EQ(rt.block_on(makes()).value, 3);
}

TEST(task_result, is_converted_to_the_declared_type) {
  runtime rt({.workers = 1});
  const auto makes = []() -> task<std::string> { co_return "text"; };
  EXPECT_EQ(rt.block_on(makes()), "text");
}

TEST(task_result, is_destroyed_once_however_it_travels) {
  census here;
  {
    runtime rt({.workers = 2});
    const auto makes = [&]() -> task<resident> {
      co_await yield_now();
      co_return resident(here);
    };
    const auto passes_on = [&]() -> task<resident> { co_return co_await makes(); };
    const auto uses_all = [&]() -> task<> {
      static_cast<void>(co_await passes_on());
      auto handle = spawn(passes_on);
      static_cast<void>(co_await handle);
      static_cast<void>(co_await when_all(passes_on(), passes_on()));
      static_cast<void>(co_await with_timeout(1h, passes_on()));
      // Never taken:
      auto dropped = spawn(passes_on);
      dropped.detach();
    };
    rt.block_on(uses_all());
  }
  EXPECT_GT(here.born(), 0);
  EXPECT_EQ(here.living(), 0);
}

TEST(task_result, a_move_only_value_travels_through_every_join) {
  runtime rt({.workers = 2});
  const auto all = [&]() -> task<int> {
    int sum = *co_await boxed(1);
    auto handle = spawn(boxed, 2);
    sum += *co_await handle;
    auto [a, b] = co_await when_all(boxed(3), boxed(4));
    sum += *a + *b;
    std::vector<task<std::unique_ptr<int>>> more;
    more.push_back(boxed(5));
    more.push_back(boxed(6));
    for (const auto& each : co_await when_all(std::move(more))) sum += *each;
    sum += *co_await with_timeout(1h, boxed(7));
    const auto in_group = [](task_group&) -> task<std::unique_ptr<int>> {
      co_return std::make_unique<int>(8);
    };
    sum += *co_await with_task_group(in_group);
    const std::vector<int> numbers{9, 10};
    for (const auto& each : co_await for_each_concurrent(numbers, 2, &boxed)) sum += *each;
    std::vector<task<std::unique_ptr<int>>> last;
    last.push_back(boxed(11));
    co_await as_completed(std::move(last), [&](std::unique_ptr<int> each) { sum += *each; });
    sum += *co_await compute([] { return std::make_unique<int>(12); });
    sum += *co_await spawn_blocking([] { return std::make_unique<int>(13); });
    co_return sum;
  };
  EXPECT_EQ(rt.block_on(all()), 91);
}

TEST(task_result, a_reference_refers_to_the_very_object_after_every_join) {
  runtime rt({.workers = 2});
  int target = 0;
  const auto all = [&]() -> task<int&> {
    const auto is_same = [&](int& found) { EXPECT_EQ(&found, &target); };
    is_same(co_await referring_to(target));
    auto handle = spawn(referring_to, std::ref(target));
    is_same(co_await handle);
    auto both = co_await when_all(referring_to(target), referring_to(target));
    is_same(std::get<0>(both));
    is_same(std::get<1>(both));
    is_same(co_await with_timeout(1h, referring_to(target)));
    const auto in_group = [&](task_group&) -> task<int&> { co_return target; };
    is_same(co_await with_task_group(in_group));
    co_return target;
  };
  EXPECT_EQ(&rt.block_on(all()), &target);
}

TEST(task_result, an_over_aligned_value_is_aligned_where_we_keep_it) {
  runtime rt({.workers = 2});
  const cache_line one = rt.block_on(aligned(1));
  EXPECT_TRUE(one.is_aligned());
  EXPECT_EQ(one.value, 1);
  std::vector<task<cache_line>> more;
  for (int i = 0; i < 5; ++i) more.push_back(aligned(i));
  const std::vector<cache_line> range = rt.block_on(when_all(std::move(more)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(range[static_cast<std::size_t>(i)].is_aligned());
    EXPECT_EQ(range[static_cast<std::size_t>(i)].value, i);
  }
}

TEST(task_result, an_over_aligned_argument_of_a_spawn_is_aligned_where_we_keep_it) {
  runtime rt({.workers = 1});
  const auto takes = [](const cache_line& given) -> task<int> {
    co_await yield_now();
    EXPECT_TRUE(given.is_aligned());
    co_return given.value;
  };
  const auto spawns = [&]() -> task<int> {
    auto handle = spawn(takes, cache_line(7));
    const int found = co_await handle;
    const auto in_group = [&](task_group& group) -> task<> {
      group.spawn(takes, cache_line(8));
      co_return;
    };
    co_await with_task_group(in_group);
    co_return found;
  };
  EXPECT_EQ(rt.block_on(spawns()), 7);
}

TEST(task_result, void_stands_as_monostate_in_a_tuple_and_as_nothing_for_a_vector) {
  runtime rt({.workers = 2});
  const auto all = [&]() -> task<> {
    const std::tuple<std::monostate, int> mixed =
        co_await when_all(nothing(), []() -> task<int> { co_return 4; }());
    EXPECT_EQ(std::get<1>(mixed), 4);
    std::vector<task<>> several;
    several.push_back(nothing());
    several.push_back(nothing());
    co_await when_all(std::move(several));
    co_await with_timeout(1h, nothing());
    auto handle = spawn(nothing);
    co_await handle;
  };
  rt.block_on(all());
}

}  // namespace
}  // namespace weft::test
