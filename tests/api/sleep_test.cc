// Sleeping: never early, in order, and for ever when it must. SPDX-License-Identifier: Apache-2.0
#include "weft/sleep.h"

#include <gtest/gtest.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/timeout.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

TEST(sleep, is_never_early) {
  runtime rt({.workers = 2});
  const auto sleeps = [](std::chrono::microseconds length) -> task<> {
    const clock::time_point begun = clock::now();
    co_await sleep_for(length);
    EXPECT_GE(clock::now() - begun, length);
    const clock::time_point deadline = clock::now() + length;
    co_await sleep_until(deadline);
    EXPECT_GE(clock::now(), deadline);
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> lengths;
    for (int us : {0, 1, 50, 100, 999, 1000, 5000, 20000, 70000}) {
      lengths.push_back(sleeps(std::chrono::microseconds(us)));
    }
    co_await when_all(std::move(lengths));
  };
  rt.block_on(all());
}

TEST(sleep, wakes_the_shorter_one_first) {
  runtime rt({.workers = 1});
  record log;
  const auto sleeps = [&](clock::time_point until, std::string name) -> task<> {
    co_await sleep_until(until);
    log.note(name);
  };
  const auto all = [&]() -> task<> {
    const clock::time_point now = clock::now();
    co_await when_all(sleeps(now + 40ms, "third"), sleeps(now + 10ms, "first"), sleeps(now + 25ms, "second"));
  };
  rt.block_on(all());
  EXPECT_EQ(log.all(), (lines{"first", "second", "third"}));
}

TEST(sleep, of_zero_or_less_lets_other_tasks_run_once) {
  runtime rt({.workers = 1});
  record log;
  const auto peer = [&]() -> task<> {
    log.note("peer");
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto first = spawn(peer);
    co_await sleep_for(0s);
    log.note("after zero");
    auto second = spawn(peer);
    co_await sleep_for(-1h);
    log.note("after less");
    auto third = spawn(peer);
    co_await sleep_until(clock::time_point::min());
    log.note("after the past");
    co_await first;
    co_await second;
    co_await third;
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), (lines{"peer", "after zero", "peer", "after less", "peer", "after the past"}));
}

TEST(sleep, of_an_absurd_length_is_for_ever_and_can_be_stopped) {
  runtime rt({.workers = 1});
  EXPECT_THROW(rt.block_on(with_timeout(2ms, sleep_for(std::chrono::hours::max()))), timeout_error);
  EXPECT_THROW(rt.block_on(with_timeout(2ms, sleep_for(std::chrono::duration<double>(1e300)))),
               timeout_error);
  EXPECT_THROW(rt.block_on(with_timeout(2ms, sleep_until(clock::time_point::max()))), timeout_error);
}

TEST(sleep, of_many_tasks_at_once_ends_for_each) {
  runtime rt({.workers = 2});
  const auto sleeps = [](int us) -> task<> { co_await sleep_for(std::chrono::microseconds(us)); };
  const auto all = [&]() -> task<> {
    std::vector<task<>> many;
    for (int i = 0; i < 20'000; ++i) many.push_back(sleeps(i % 5000));
    co_await when_all(std::move(many));
  };
  rt.block_on(all());
}

#if defined(__linux__)
TEST(sleep, of_a_worker_is_not_made_longer_by_the_system_to_save_wake_ups) {
  runtime rt({.workers = 1});
  const auto slack_ns = []() -> task<int> { co_return ::prctl(PR_GET_TIMERSLACK); };
  EXPECT_EQ(rt.block_on(slack_ns()), 1) << "50,000 is Linux's default";
}
#endif

TEST(sleep, that_is_named_may_be_awaited_again) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const sleep_operation until = sleep_until(clock::now() + 1ms);
    co_await until;
    co_await until;
  };
  rt.block_on(body());
}

}  // namespace
}  // namespace weft::test
