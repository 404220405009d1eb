// parallel_invoke, parallel_for, parallel_reduce: results, order, errors, stops, and what is taken by others. What is to
// run on two workers meets there: a `meeting` is attended by two threads at once, or the test is red.
// SPDX-License-Identifier: Apache-2.0
#include "weft/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "weft/join_handle.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/task_group.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

// Calls a function in a task. By reference: the caller blocks.
template <class F>
task<std::invoke_result_t<F&>> calling(F& function) {
  co_return function();
}
template <class F>
auto in_a_task(std::size_t workers, F function) {
  return run(calling(function), {.workers = workers});
}

std::uint64_t fib(int n) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  parallel_invoke([&] { low = fib(n - 2); }, [&] { high = fib(n - 1); });
  return low + high;
}

TEST(parallel_invoke, calls_each_function_once_on_the_caller_in_their_order_when_nobody_takes_them) {
  in_a_task(1, [] {
    std::string order;
    parallel_invoke([&] { order += 'a'; }, [&] { order += 'b'; }, [&] { order += 'c'; },
                    [&] { order += 'd'; });
    EXPECT_EQ(order, "abcd");
  });
}

TEST(parallel_invoke, of_one_function_is_a_call) {
  in_a_task(1, [] { EXPECT_EQ(std::get<0>(parallel_invoke([] { return 7; })), 7); });
}

TEST(parallel_invoke, gives_values_references_and_nothing_in_the_order_of_the_arguments) {
  in_a_task(2, [] {
    int place = 1;
    auto results = parallel_invoke([] { return std::make_unique<int>(5); }, [&]() -> int& { return place; },
                                   [] {}, [] { return std::string("text"); });
    static_assert(
        std::is_same_v<decltype(results), std::tuple<std::unique_ptr<int>, std::reference_wrapper<int>,
                                                     std::monostate, std::string>>);
    EXPECT_EQ(*std::get<0>(results), 5);
    EXPECT_EQ(&std::get<1>(results).get(), &place);
    EXPECT_EQ(std::get<3>(results), "text");
  });
}

TEST(parallel_invoke, of_functions_without_results_has_none) {
  static_assert(std::is_void_v<decltype(parallel_invoke([] {}, [] {}))>);
}

TEST(parallel_invoke, runs_its_functions_at_the_same_time_on_so_many_workers) {
  in_a_task(3, [] {
    meeting all(3);
    std::atomic<int> met = 0;
    const auto meet = [&] { met += all.attend() ? 1 : 0; };
    parallel_invoke(meet, meet, meet);
    EXPECT_EQ(met, 3);
    EXPECT_EQ(all.threads(), 3u);
  });
}

TEST(parallel_invoke, gives_back_what_a_function_on_another_worker_has_made) {
  in_a_task(2, [] {
    meeting both(2);
    int place = 0;
    auto results = parallel_invoke([&] { EXPECT_TRUE(both.attend()); },
                                   [&]() -> int& {
                                     EXPECT_TRUE(both.attend());
                                     return place;
                                   });
    EXPECT_EQ(&std::get<1>(results).get(), &place);
    meeting again(2);
    auto owned = parallel_invoke([&] { return again.attend(); },
                                 [&] {
                                   EXPECT_TRUE(again.attend());
                                   return std::make_unique<int>(9);
                                 });
    EXPECT_EQ(*std::get<1>(owned), 9);
  });
}

TEST(parallel_invoke, forks_inside_of_forks_and_adds_up_on_any_number_of_workers) {
  for (const std::size_t workers : {1u, 2u, 4u}) {
    constexpr int n = is_sanitized ? 16 : 20;
    EXPECT_EQ(in_a_task(workers, [] { return fib(n); }), n == 16 ? 987u : 6765u);
  }
}

void descend(int levels, std::atomic<int>& reached) {
  ++reached;
  if (levels > 1) parallel_invoke([&] { descend(levels - 1, reached); }, [&] { ++reached; });
}

TEST(parallel_invoke, goes_ten_thousand_calls_deep) {
  for (const std::size_t workers : {1u, 2u}) {
    const int levels = static_cast<int>(scaled(10'000));
    std::atomic<int> reached = 0;
    in_a_task(workers, [&] { descend(levels, reached); });
    EXPECT_EQ(reached, 2 * levels - 1);
  }
}

// A wait for a taken function helps with what that one forks: on two workers the third meeting place is taken by the
// worker that waits.
TEST(parallel_invoke, helps_a_function_that_another_worker_has_taken_with_its_own_forks) {
  in_a_task(2, [] {
    meeting outer(2);
    meeting inner(2);
    parallel_invoke([&] { EXPECT_TRUE(outer.attend()); },
                    [&] {
                      EXPECT_TRUE(outer.attend());
                      // The one other worker waits for this function; it must come to the meeting.
                      parallel_invoke([&] { EXPECT_TRUE(inner.attend()); },
                                      [&] { EXPECT_TRUE(inner.attend()); });
                    });
    EXPECT_EQ(inner.threads(), 2u);
  });
}

TEST(parallel_invoke, that_waits_for_a_taken_function_runs_no_coroutine_on_its_stack) {
  runtime rt({.workers = 2});
  std::atomic<int> children = 0;
  std::atomic<bool> is_waiting = false;
  const auto child = [&]() -> task<> {
    EXPECT_FALSE(is_waiting.load()) << "a coroutine ran on the stack of a closure";
    ++children;
    co_return;
  };
  const auto caller = [&]() -> task<> {
    const std::thread::id self = std::this_thread::get_id();
    meeting both(2);
    parallel_invoke([&] { EXPECT_TRUE(both.attend()); }, [&] { EXPECT_TRUE(both.attend()); });
    EXPECT_EQ(std::this_thread::get_id(), self);
    EXPECT_EQ(children, 0);
    co_return;
  };
  // One worker: the siblings stand in the fork queue, below the closures, while the first child calls.
  runtime one({.workers = 1});
  const auto alone = [&]() -> task<> {
    is_waiting = true;
    parallel_invoke([] {}, [] {}, [] {});
    EXPECT_EQ(fib(8), 21u);
    is_waiting = false;
    co_return;
  };
  const auto all = [&]() -> task<> { co_await when_all(alone(), child(), child(), child()); };
  one.block_on(all());
  EXPECT_EQ(children, 3);
  children = 0;
  rt.block_on(caller());
}

TEST(parallel_invoke, beside_children_of_a_join_loses_none_of_them) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ended = 0;
    const auto child = [&]() -> task<> {
      EXPECT_EQ(fib(9), 34u);
      ++ended;
      co_return;
    };
    const auto all = [&]() -> task<> { co_await when_all(child(), child(), child(), child(), child()); };
    run(all(), {.workers = 2});
    EXPECT_EQ(ended, 5);
  }
}

TEST(parallel_invoke, gives_is_stopping_to_functions_on_any_worker) {
  runtime rt({.workers = 2});
  meeting both(2);
  gate stopped;
  std::atomic<int> seen = 0;
  const auto body = [&]() -> task<> {
    const auto look = [&] {
      EXPECT_TRUE(both.attend());
      EXPECT_FALSE(is_stopping());
      stopped.pass();
      seen += is_stopping() ? 1 : 0;
    };
    parallel_invoke(look, look);
    co_return;
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(stopped.is_reached(2));
  handle.request_stop();
  stopped.open();
  const auto join = [&]() -> task<> { co_await std::move(handle); };
  rt.block_on(join());
  EXPECT_EQ(seen, 2);
}

class error_of : public testing::TestWithParam<int> {};

TEST_P(error_of, one_function_is_thrown_and_those_right_of_it_that_nobody_took_are_skipped) {
  const int thrower = GetParam();
  in_a_task(1, [&] {
    std::vector<int> called;
    const auto make = [&](int number) {
      return [&called, number, thrower] {
        called.push_back(number);
        if (number == thrower) throw std::runtime_error("number " + std::to_string(number));
      };
    };
    try {
      parallel_invoke(make(0), make(1), make(2));
      ADD_FAILURE() << "no error came";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), "number " + std::to_string(thrower));
    }
    EXPECT_EQ(called.size(), static_cast<std::size_t>(thrower) + 1);
    // The queue is as it was: nothing of it is left.
    EXPECT_EQ(fib(7), 13u);
  });
}

TEST_P(error_of, one_function_is_thrown_when_all_run_at_once_after_all_have_ended) {
  const int thrower = GetParam();
  in_a_task(3, [&] {
    meeting all(3);
    std::atomic<int> ended = 0;
    const auto make = [&](int number) {
      return [&all, &ended, number, thrower] {
        EXPECT_TRUE(all.attend());
        ++ended;
        if (number == thrower) throw number;
      };
    };
    try {
      parallel_invoke(make(0), make(1), make(2));
      ADD_FAILURE() << "no error came";
    } catch (int number) {
      EXPECT_EQ(number, thrower);
    }
    EXPECT_EQ(ended, 3);
  });
}

INSTANTIATE_TEST_SUITE_P(each_position, error_of, testing::Values(0, 1, 2));

TEST(parallel_invoke, throws_the_leftmost_of_several_errors) {
  in_a_task(2, [] {
    for (int round = 0; round < 20; ++round) {
      meeting both(2);
      const auto failing = [&](int number) {
        return [&both, number] {
          EXPECT_TRUE(both.attend());
          throw number;
        };
      };
      try {
        parallel_invoke(failing(0), failing(1));
        ADD_FAILURE() << "no error came";
      } catch (int number) {
        EXPECT_EQ(number, 0);
      }
    }
  });
}

TEST(parallel_invoke, on_a_thread_that_is_no_worker_fails_with_words_unless_it_names_a_runtime) {
  try {
    parallel_invoke([] {}, [] {});
    ADD_FAILURE() << "no error came";
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string(error.what()).find("parallel_invoke() forks on the worker"), std::string::npos);
  }
  EXPECT_THROW(parallel_for(0, 1, [](int) {}), std::logic_error);
  EXPECT_THROW(parallel_reduce(0, 1, 0, std::identity(), std::plus<>()), std::logic_error);

  runtime rt({.workers = 2});
  const auto results = parallel_invoke(rt, [] { return 1; }, [] { return 2; });
  EXPECT_EQ(std::get<0>(results) + std::get<1>(results), 3);
  parallel_invoke(rt, [] {}, [] {});
  std::atomic<int> sum = 0;
  parallel_for(rt, 0, 10, [&](int i) { sum += i; });
  EXPECT_EQ(sum, 45);
  EXPECT_EQ(parallel_reduce(rt, 0, 10, 1, std::identity(), std::plus<>()), 46);
  EXPECT_THROW(parallel_for(rt, 0, 10,
                            [](int i) {
                              if (i == 5) throw i;
                            }),
               int);
}

TEST(parallel_invoke, with_the_runtime_of_its_worker_is_the_plain_call) {
  runtime rt({.workers = 1});
  const auto body = [&]() -> task<> {
    const std::thread::id self = std::this_thread::get_id();
    parallel_invoke(rt, [&] { EXPECT_EQ(std::this_thread::get_id(), self); });
    co_return;
  };
  rt.block_on(body());
}

TEST(parallel_for, calls_the_body_once_for_each_number_whatever_the_grain) {
  for (const std::size_t workers : {1u, 2u, 4u}) {
    for (const std::size_t grain : {0u, 1u, 3u, 1000u, 5000u}) {
      std::vector<std::atomic<int>> calls(1000);
      in_a_task(workers, [&] {
        parallel_for(std::size_t{0}, calls.size(), [&](std::size_t i) { ++calls[i]; }, grain);
      });
      for (const auto& each : calls) ASSERT_EQ(each, 1) << workers << " workers, grain " << grain;
    }
  }
}

TEST(parallel_for, of_an_empty_or_reversed_range_calls_nothing) {
  in_a_task(1, [] {
    parallel_for(3, 3, [](int) { ADD_FAILURE(); });
    parallel_for(4, 3, [](int) { ADD_FAILURE(); });
    parallel_for(std::vector<int>(), [](int) { ADD_FAILURE(); });
  });
}

TEST(parallel_for, takes_numbers_of_any_sign_and_width) {
  in_a_task(2, [] {
    std::atomic<int> calls = 0;
    std::atomic<std::int64_t> sum = 0;
    parallel_for(-5, 6, [&](int i) {
      ++calls;
      sum += i;
    });
    EXPECT_EQ(calls, 11);
    EXPECT_EQ(sum, 0);
    using wide = std::numeric_limits<std::int64_t>;
    parallel_for(wide::max() - 3, wide::max(), [&](std::int64_t i) {
      ++calls;
      EXPECT_GE(i, wide::max() - 3);
    });
    EXPECT_EQ(calls, 14);
    parallel_for(static_cast<std::int8_t>(-128), static_cast<std::int8_t>(127),
                 [&](std::int8_t i) { sum += i; });
    EXPECT_EQ(sum, -128 - 127);
    const std::vector<int> some(4);
    parallel_for(0, some.size(), [&](std::size_t i) {
      ++calls;
      EXPECT_LT(i, 4u);
    });
    EXPECT_EQ(calls, 18);
  });
}

TEST(parallel_for, hands_out_the_elements_of_a_range_by_reference) {
  std::vector<int> all(5000);
  in_a_task(2, [&] {
    parallel_for(all, [](int& each) { each = 1; });
    parallel_for(all.begin(), all.begin() + 10, [](int& each) { each = 2; });
  });
  EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0), 5010);
}

TEST(parallel_for, runs_on_two_workers_at_once_and_in_loops_in_loops) {
  in_a_task(2, [] {
    meeting both(2);
    parallel_for(0, 2, [&](int) { EXPECT_TRUE(both.attend()); }, 1);
    EXPECT_EQ(both.threads(), 2u);
    std::vector<std::atomic<int>> cells(900);
    parallel_for(
        0, 30,
        [&](int row) {
          parallel_for(0, 30, [&](int column) { ++cells[static_cast<std::size_t>(30 * row + column)]; }, 1);
        },
        1);
    for (const auto& each : cells) ASSERT_EQ(each, 1);
  });
}

TEST(parallel_for, throws_an_error_of_its_body_and_begins_no_further_piece) {
  in_a_task(1, [] {
    int calls = 0;
    EXPECT_THROW(parallel_for(
                     0, 1000,
                     [&](int) {
                       ++calls;
                       if (calls == 10) throw calls;
                     },
                     1),
                 int);
    EXPECT_EQ(calls, 10);
    EXPECT_EQ(fib(7), 13u);
  });
  in_a_task(2, [] {
    meeting both(2);
    std::atomic<int> calls = 0;
    const auto body = [&](int i) {
      ++calls;
      if (i == 0 || i == 500) {
        EXPECT_TRUE(both.attend());
        throw std::runtime_error(std::to_string(i));
      }
    };
    try {
      parallel_for(0, 1000, body, 1);
      ADD_FAILURE() << "no error came";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "0") << "the leftmost";
    }
    EXPECT_EQ(calls, 2);
  });
}

TEST(parallel_for, ends_its_task_as_stopped_when_it_is_stopped) {
  runtime rt({.workers = 2});
  meeting both(2);
  gate stopped;
  std::atomic<int> calls = 0;
  std::atomic<bool> is_after = false;
  const auto body = [&]() -> task<> {
    parallel_for(
        0, 1000,
        [&](int) {
          ++calls;
          EXPECT_TRUE(both.attend());
          stopped.pass();
        },
        1);
    is_after = true;
    co_return;
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(stopped.is_reached(2));
  handle.request_stop();
  stopped.open();
  const auto join = [&]() -> task<> { co_await std::move(handle); };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(is_after);
}

TEST(parallel_reduce, combines_in_the_order_of_the_range) {
  std::string expected = "<";
  for (int i = 0; i < 2000; ++i) expected += std::to_string(i) + ',';
  for (const std::size_t workers : {1u, 2u, 4u}) {
    for (const std::size_t grain : {0u, 1u, 7u, 10'000u}) {
      const auto text = [&] {
        return parallel_reduce(
            0, 2000, std::string("<"), [](int i) { return std::to_string(i) + ','; },
            [](std::string a, const std::string& b) { return std::move(a) + b; }, grain);
      };
      ASSERT_EQ(in_a_task(workers, text), expected) << workers << " workers, grain " << grain;
    }
  }
}

TEST(parallel_reduce, of_floating_point_numbers_gives_the_same_bits_on_any_number_of_workers) {
  std::vector<double> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(1.0 / (i + 1));
  const auto sum = [&] { return parallel_reduce(all, 0.0, std::identity(), std::plus<>()); };
  const double alone = in_a_task(1, sum);
  for (int round = 0; round < 20; ++round) ASSERT_EQ(in_a_task(3, sum), alone);
}

TEST(parallel_reduce, of_nothing_is_what_it_began_with_and_a_result_need_only_be_movable) {
  using owned = std::unique_ptr<int>;
  const auto add = [](owned a, owned b) { return std::make_unique<int>(*a + *b); };
  const auto make = [](int i) { return std::make_unique<int>(i); };
  in_a_task(2, [&] {
    EXPECT_EQ(*parallel_reduce(0, 0, make(3), make, add), 3);
    EXPECT_EQ(*parallel_reduce(0, 101, make(3), make, add, 1), 5053);
  });
}

TEST(parallel_reduce, uses_both_workers_and_throws_the_leftmost_error) {
  in_a_task(2, [] {
    meeting both(2);
    const auto met = [&](int) { return both.attend() ? 1 : 0; };
    EXPECT_EQ(parallel_reduce(0, 2, 0, met, std::plus<>(), 1), 2);
    EXPECT_EQ(both.threads(), 2u);
    const auto fail = [](int i) -> int { throw i; };
    try {
      parallel_reduce(0, 64, 0, fail, std::plus<>(), 1);
      ADD_FAILURE() << "no error came";
    } catch (int number) {
      EXPECT_EQ(number, 0);
    }
  });
}

TEST(parallel_for_async, calls_the_body_once_for_each_element_whatever_the_grain) {
  for (const std::size_t workers : {1u, 2u, 4u}) {
    for (const std::size_t grain : {0u, 1u, 7u, 5000u}) {
      std::vector<std::atomic<int>> calls(1000);
      const auto body = [&]() -> task<> {
        co_await parallel_for_async(0, 1000, [&](int i) { ++calls[static_cast<std::size_t>(i)]; }, grain);
        co_await parallel_for_async(calls, [](std::atomic<int>& each) { ++each; }, grain);
      };
      run(body(), {.workers = workers});
      for (const auto& each : calls) ASSERT_EQ(each, 2) << workers << " workers, grain " << grain;
    }
  }
}

TEST(parallel_for_async, keeps_a_range_that_is_moved_in_and_runs_on_two_workers) {
  meeting both(2);
  const auto body = [&]() -> task<> {
    std::vector<int> mine(2);
    co_await parallel_for_async(std::move(mine), [&](int) { EXPECT_TRUE(both.attend()); }, 1);
  };
  run(body(), {.workers = 2});
  EXPECT_EQ(both.threads(), 2u);
}

TEST(parallel_for_async, lets_other_tasks_run_in_between) {
  std::atomic<bool> has_run = false;
  const auto body = [&]() -> task<> {
    auto other = spawn([&]() -> task<> {
      has_run = true;
      co_return;
    });
    bool was_seen = false;
    co_await parallel_for_async(0, 10'000, [&](int) { was_seen = has_run; }, 1);
    EXPECT_TRUE(was_seen);
    co_await std::move(other);
  };
  run(body(), {.workers = 1});
}

TEST(parallel_for_async, throws_what_its_body_throws_and_stops_in_the_next_piece) {
  int calls = 0;
  const auto fails = [&]() -> task<> {
    const auto body = [&](int i) {
      ++calls;
      if (i == 9) throw i;
    };
    co_await parallel_for_async(0, 1000, body, 1);
  };
  EXPECT_THROW(run(fails(), {.workers = 1}), int);
  EXPECT_EQ(calls, 10);

  runtime rt({.workers = 2});
  gate stopped;
  std::atomic<int> begun = 0;
  const auto stops = [&]() -> task<> {
    const auto body = [&](int) {
      ++begun;
      stopped.pass();
    };
    co_await parallel_for_async(0, 1000, body, 1);
  };
  auto handle = rt.spawn(stops);
  EXPECT_TRUE(stopped.is_reached(2));
  handle.request_stop();
  stopped.open();
  const auto join = [&]() -> task<> { co_await std::move(handle); };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(begun, 2);
}

TEST(parallel_reduce_async, gives_what_parallel_reduce_gives) {
  std::vector<double> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(1.0 / (i + 1));
  const auto sum = [&] {
    return parallel_reduce(all.begin(), all.end(), 1.0, std::identity(), std::plus<>());
  };
  const double expected = in_a_task(1, sum);
  const auto body = [&]() -> task<double> {
    co_return co_await parallel_reduce_async(all.begin(), all.end(), 1.0, std::identity(), std::plus<>());
  };
  for (const std::size_t workers : {1u, 3u}) EXPECT_EQ(run(body(), {.workers = workers}), expected);
}

}  // namespace
}  // namespace weft::test
