// as_outcome and stopped_as_optional: a stop becomes a value, and is not taken back by that.
// SPDX-License-Identifier: Apache-2.0
#include "weft/as_outcome.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<int> number(int value) {
  co_return value;
}
task<> nothing() {
  co_return;
}
task<int> fails() {
  co_await yield_now();
  throw std::runtime_error("failed");
  co_return 0;
}

TEST(as_outcome, gives_a_value_or_an_error) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const outcome<int> good = co_await as_outcome(number(1));
    EXPECT_EQ(good.value(), 1);
    const outcome<int> bad = co_await as_outcome(fails());
    EXPECT_EQ(text_of(bad.error()), "failed");
    const outcome<> empty = co_await as_outcome(nothing());
    EXPECT_TRUE(empty.has_value());
    const outcome<> slept = co_await as_outcome(sleep_for(1ms));
    EXPECT_TRUE(slept.has_value());
  };
  rt.block_on(body());
}

TEST(as_outcome, gives_references_and_values_that_only_move) {
  runtime rt({.workers = 1});
  int object = 1;
  const auto refers = [&]() -> task<int&> { co_return object; };
  const auto makes = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  const auto body = [&]() -> task<> {
    EXPECT_EQ(&(co_await as_outcome(refers())).value(), &object);
    const std::unique_ptr<int> taken = (co_await as_outcome(makes())).value();
    EXPECT_EQ(*taken, 5);
  };
  rt.block_on(body());
}

TEST(as_outcome, of_a_timeout_gives_its_error) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const auto end = co_await as_outcome(with_timeout(1ms, sleep_for(1h)));
    EXPECT_THROW(end.value(), timeout_error);
    co_await sleep_for(1ms);  // nobody asked us to stop
  };
  rt.block_on(body());
}

TEST(as_outcome, of_a_handle_whose_task_was_stopped_is_an_error_because_we_are_not_stopping) {
  runtime rt({.workers = 1});
  const auto sleeps = []() -> task<> { co_await sleep_for(1h); };
  const auto body = [&]() -> task<> {
    auto handle = spawn(sleeps);
    handle.request_stop();
    const outcome<> end = co_await as_outcome(std::move(handle));
    EXPECT_FALSE(end.is_stopped());
    EXPECT_THROW(end.value(), stopped_error);
    co_await sleep_for(1ms);
  };
  rt.block_on(body());
}

// --- stop

TEST(as_outcome, gives_a_stop_after_the_task_was_unwound_and_the_caller_goes_on_to_its_next_wait) {
  runtime rt({.workers = 2});
  record log;
  door waits_here;
  const auto waits = [&]() -> task<> {
    const mark local(log, "task unwound");
    co_await waits_here.pass();
  };
  const auto body = [&]() -> task<> {
    const mark local(log, "caller unwound");
    const outcome<> end = co_await as_outcome(waits());
    log.note(end.is_stopped() ? "stopped" : "not stopped");
    log.note((co_await current_stop_token()).stop_requested() ? "still stopping" : "forgot the stop");
    co_await nothing();  // awaiting a task is no stop point
    log.note("went on");
    co_await sleep_for(1h);
    log.note("waited in spite of the stop");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(waits_here.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"task unwound", "stopped", "still stopping", "went on", "caller unwound"}));
}

TEST(as_outcome, lets_a_stopped_caller_return_a_value) {
  runtime rt({.workers = 2});
  door waits_here;
  const auto body = [&]() -> task<std::string> {
    const outcome<> end = co_await as_outcome(waits_here.pass());
    co_return end.is_stopped() ? "what there is" : "all";
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(waits_here.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<std::string> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), "what there is");
}

TEST(as_outcome, in_a_loop_that_retries_lets_a_stop_end_the_loop) {
  runtime rt({.workers = 2});
  door waits_here;
  std::atomic<int> tries = 0;
  const auto body = [&]() -> task<> {
    for (;;) {
      ++tries;
      const outcome<> end = co_await as_outcome(waits_here.pass());
      if (end.has_value()) co_return;
    }
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(waits_here.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(tries, 2) << "the second as_outcome is a stop point, and begins nothing";
}

TEST(as_outcome, inside_a_timeout_turns_the_timeouts_stop_into_a_value) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const outcome<> end = co_await with_timeout(1ms, as_outcome(sleep_for(1h)));
    EXPECT_TRUE(end.is_stopped());
    co_await sleep_for(1ms);  // outside of the timeout nobody is stopping
  };
  rt.block_on(body());
}

TEST(as_outcome, N4_gives_the_value_of_a_task_that_finishes_in_spite_of_a_stop) {
  runtime rt({.workers = 2});
  gate go;
  const auto effect = [&]() -> task<int> {
    co_return co_await spawn_blocking([&] {
      go.pass();
      return 1;
    });
  };
  const auto body = [&]() -> task<int> { co_return (co_await as_outcome(effect())).value(); };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(go.is_reached());
  handle.request_stop();
  go.open();
  const auto join = [&]() -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), 1);
}

TEST(as_outcome, in_a_task_that_is_stopping_begins_nothing_and_is_unwound) {
  runtime rt({.workers = 2});
  std::atomic<int> begun = 0;
  const auto counts = [&]() -> task<> {
    ++begun;
    co_return;
  };
  const auto body = [&]() -> task<> {
    static_cast<void>(co_await as_outcome(counts()));
    ++begun;
  };
  EXPECT_THROW(rt.block_on(with_timeout(0s, body())), timeout_error);
  EXPECT_EQ(begun, 0);
}

// --- stopped_as_optional

TEST(stopped_as_optional, gives_the_value_and_throws_the_error) {
  runtime rt({.workers = 1});
  int object = 1;
  const auto refers = [&]() -> task<int&> { co_return object; };
  const auto body = [&]() -> task<> {
    const auto value = co_await stopped_as_optional(number(1));
    static_assert(std::is_same_v<decltype(value), const std::optional<int>>);
    EXPECT_EQ(value, 1);
    const auto finished = co_await stopped_as_optional(nothing());
    static_assert(std::is_same_v<decltype(finished), const std::optional<std::monostate>>);
    EXPECT_TRUE(finished);
    const auto reference = co_await stopped_as_optional(refers());
    static_assert(std::is_same_v<decltype(reference), const std::optional<std::reference_wrapper<int>>>);
    EXPECT_EQ(&reference->get(), &object);
    static_cast<void>(co_await stopped_as_optional(fails()));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(body());
              return 0;
            }),
            "failed");
}

TEST(stopped_as_optional, is_empty_after_a_stop_and_the_caller_goes_on_to_its_next_wait) {
  runtime rt({.workers = 2});
  record log;
  door waits_here;
  const auto waits = [&]() -> task<int> {
    co_await waits_here.pass();
    co_return 1;
  };
  const auto body = [&]() -> task<> {
    const std::optional<int> got = co_await stopped_as_optional(waits());
    log.note(got ? "value" : "empty");
    co_await sleep_for(1h);
    log.note("waited in spite of the stop");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(waits_here.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"empty"});
}

}  // namespace
}  // namespace weft::test
