// Callables that are aggregates, given by value to coroutines of ours: GCC 12 destroyed them twice.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "tests/support/record.h"
#include "weft/as_completed.h"
#include "weft/for_each_concurrent.h"
#include "weft/runtime.h"
#include "weft/task_group.h"

namespace weft::test {
namespace {

// Aggregates, all of them: no constructors. The pointer is freed twice where the counts go wrong.
struct group_body {
  resident counted;
  std::shared_ptr<int> shared;
  task<> operator()(task_group&) const { co_return; }
};
struct adds {
  resident counted;
  std::shared_ptr<int> shared;
  task<int> operator()(int to) const { co_return to + *shared; }
};
struct sums_up {
  resident counted;
  std::shared_ptr<int> shared;
  void operator()(int next) const { *shared += next; }
};

struct callable_regress : testing::Test {
  void expect_all_died() const {
    EXPECT_GT(here.born(), 0);
    EXPECT_EQ(here.living(), 0);
    EXPECT_EQ(shared.use_count(), 1);
  }
  runtime rt{{.workers = 1}};
  census here;
  std::shared_ptr<int> shared = std::make_shared<int>(1);
};

TEST_F(callable_regress, the_body_of_a_group_is_destroyed_once) {
  rt.block_on(with_task_group(group_body{resident(here), shared}));
  expect_all_died();
}

TEST_F(callable_regress, the_function_of_for_each_concurrent_is_destroyed_once) {
  const std::vector<int> numbers{1, 2, 3};
  EXPECT_EQ(rt.block_on(for_each_concurrent(numbers, 2, adds{resident(here), shared})),
            (std::vector<int>{2, 3, 4}));
  expect_all_died();
}

TEST_F(callable_regress, the_function_of_as_completed_is_destroyed_once) {
  const auto number = [](int given) -> task<int> { co_return given; };
  std::vector<task<int>> tasks;
  tasks.push_back(number(2));
  tasks.push_back(number(3));
  rt.block_on(as_completed(std::move(tasks), sums_up{resident(here), shared}));
  EXPECT_EQ(*shared, 6);
  expect_all_died();
}

// Named ones: GCC 12 also destroys an aggregate twice that is a temporary in a co_await expression, whoever takes it.
TEST_F(callable_regress, those_that_are_copied_in_a_coroutine_are_destroyed_once) {
  const auto program = [&]() -> task<> {
    const group_body body{resident(here), shared};
    co_await with_task_group(body);
    const adds function{resident(here), shared};
    const std::vector<int> numbers{1, 2, 3};
    static_cast<void>(co_await for_each_concurrent(numbers, 2, function));
    EXPECT_EQ(here.living(), 2);
  };
  rt.block_on(program());
  expect_all_died();
}

TEST_F(callable_regress, that_is_never_begun_is_destroyed_once) {
  {
    const task<> never = with_task_group(group_body{resident(here), shared});
  }
  expect_all_died();
}

}  // namespace
}  // namespace weft::test
