// when_all_settled: how each task ended, and nobody stops for another's failure.
// SPDX-License-Identifier: Apache-2.0
#include "weft/when_all_settled.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <ranges>
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
task<int> fails(std::string words) {
  co_await yield_now();
  throw std::runtime_error(words);
  co_return 0;
}

TEST(when_all_settled, A4_gives_errors_in_their_place_and_throws_nothing) {
  runtime rt({.workers = 2});
  const auto body = []() -> task<> {
    auto [a, b, c] = co_await when_all_settled(number(1), fails("two"), nothing());
    EXPECT_EQ(a.value(), 1);
    EXPECT_EQ(text_of(b.error()), "two");
    EXPECT_TRUE(c.has_value());
  };
  rt.block_on(body());
}

TEST(when_all_settled, A4_lets_the_others_finish_when_one_fails) {
  runtime rt({.workers = 1});
  door all_began;
  const auto finishes = [&]() -> task<int> {
    co_await all_began.pass();
    co_return 3;
  };
  const auto fails_then_opens = [&]() -> task<int> {
    struct opens_at_death {
      door& opened;
      ~opens_at_death() { opened.open(); }
    };
    const opens_at_death after_the_error{all_began};
    throw std::runtime_error("first");
    co_return 0;
  };
  const auto body = [&]() -> task<> {
    std::vector<task<int>> tasks;
    tasks.push_back(fails_then_opens());
    tasks.push_back(finishes());
    tasks.push_back(finishes());
    std::vector<outcome<int>> ends = co_await when_all_settled(std::move(tasks));
    EXPECT_EQ(ends.size(), 3u);
    EXPECT_EQ(text_of(ends[0].error()), "first");
    EXPECT_EQ(ends[1].value(), 3);
    EXPECT_EQ(ends[2].value(), 3);
  };
  rt.block_on(body());
}

TEST(when_all_settled, A1_gives_outcomes_in_argument_order_of_any_range) {
  runtime rt({.workers = 2});
  const auto odd_ones_fail = [](int value) -> task<int> {
    for (int i = value % 3; i > 0; --i) co_await yield_now();
    if (value % 2 == 1) throw std::runtime_error(std::to_string(value));
    co_return value;
  };
  const auto body = [&]() -> task<> {
    const auto ends =
        co_await when_all_settled(std::views::iota(0, 500) | std::views::transform(odd_ones_fail));
    EXPECT_EQ(ends.size(), 500u);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      EXPECT_EQ(ends[i].has_value(), i % 2 == 0);
      if (i % 2 == 0) {
        EXPECT_EQ(static_cast<std::size_t>(*ends[i]), i);
      } else {
        EXPECT_EQ(text_of(ends[i].error()), std::to_string(i));
      }
    }
  };
  rt.block_on(body());
}

TEST(when_all_settled, A8_of_nothing_is_ready_at_once) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const std::tuple<> none = co_await when_all_settled();
    static_cast<void>(none);
    EXPECT_TRUE((co_await when_all_settled(std::vector<task<int>>())).empty());
    EXPECT_TRUE((co_await when_all_settled(std::vector<task<>>())).empty());
  };
  rt.block_on(body());
}

TEST(when_all_settled, gives_references_and_values_that_only_move) {
  runtime rt({.workers = 1});
  int object = 1;
  const auto refers = [&]() -> task<int&> { co_return object; };
  const auto makes = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  const auto body = [&]() -> task<> {
    auto [a, b] = co_await when_all_settled(refers(), makes());
    EXPECT_EQ(&a.value(), &object);
    const std::unique_ptr<int> taken = std::move(b).value();
    EXPECT_EQ(*taken, 5);
  };
  rt.block_on(body());
}

TEST(when_all_settled, puts_an_error_in_the_place_of_a_value_whose_move_throws) {
  runtime rt({.workers = 1});
  struct stubborn {
    explicit stubborn(int moves) : moves_left(moves) {}
    stubborn(stubborn&& other) : moves_left(other.moves_left - 1) {
      if (moves_left < 0) throw std::runtime_error("will not move");
    }
    int moves_left;
  };
  const auto makes = [](int moves) -> task<stubborn> { co_return stubborn(moves); };
  const auto body = [&]() -> task<> {
    const auto [a, b] = co_await when_all_settled(makes(1), makes(100));
    EXPECT_EQ(text_of(a.error()), "will not move");
    EXPECT_TRUE(b.has_value());
  };
  rt.block_on(body());
}

// --- stop

TEST(when_all_settled, A4_gives_a_stop_in_its_place_and_the_caller_goes_on_to_its_next_wait) {
  runtime rt({.workers = 1});
  door all_wait;
  record log;
  const auto waits = [&]() -> task<int> {
    co_await all_wait.pass();
    co_return 0;
  };
  const auto body = [&]() -> task<> {
    const auto ends = co_await when_all_settled(waits(), number(1), fails("error"));
    log.note(std::get<0>(ends).is_stopped() ? "stopped" : "not stopped");
    log.note(std::get<1>(ends).has_value() ? "value" : "no value");
    log.note(std::get<2>(ends).has_error() ? "error" : "no error");
    log.note((co_await current_stop_token()).stop_requested() ? "still stopping" : "forgot the stop");
    co_await sleep_for(1h);
    log.note("waited in spite of the stop");
  };
  auto handle = rt.spawn(body);
  let_all_wait(rt);
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"stopped", "value", "error", "still stopping"}));
}

TEST(when_all_settled, C7_within_a_timeout_tells_what_is_done_and_what_is_not) {
  runtime rt({.workers = 2});
  const auto waits = []() -> task<int> {
    co_await sleep_for(1h);
    co_return 0;
  };
  const auto body = [&]() -> task<> {
    const auto ends = co_await with_timeout(5ms, when_all_settled(number(1), waits(), fails("two")));
    EXPECT_TRUE(std::get<0>(ends).has_value());
    EXPECT_TRUE(std::get<1>(ends).is_stopped());
    EXPECT_EQ(text_of(std::get<2>(ends).error()), "two");
    // Only the inside of the timeout was stopped.
    co_await sleep_for(1ms);
  };
  rt.block_on(body());
}

TEST(when_all_settled, in_a_task_that_is_stopping_begins_nothing_and_is_unwound) {
  runtime rt({.workers = 2});
  std::atomic<int> begun = 0;
  const auto counts = [&]() -> task<> {
    ++begun;
    co_return;
  };
  const auto body = [&]() -> task<> { static_cast<void>(co_await when_all_settled(counts(), counts())); };
  EXPECT_THROW(rt.block_on(with_timeout(0s, body())), timeout_error);
  EXPECT_EQ(begun, 0);
}

TEST(when_all_settled, A9_starts_all_before_the_first_is_awaited) {
  runtime rt({.workers = 3});
  meeting all(3);
  const auto attends = [&]() -> task<bool> { co_return all.attend(); };
  const auto body = [&]() -> task<> {
    const auto [a, b, c] = co_await when_all_settled(attends(), attends(), attends());
    EXPECT_TRUE(*a);
    EXPECT_TRUE(*b);
    EXPECT_TRUE(*c);
  };
  rt.block_on(body());
}

}  // namespace
}  // namespace weft::test
