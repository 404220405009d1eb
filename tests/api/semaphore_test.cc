// semaphore: at most n at a time, strictly in turn, and no permit is ever lost.
// SPDX-License-Identifier: Apache-2.0
#include "weft/sync/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/chaos.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(semaphore, S1_refuses_a_negative_number_and_takes_zero) {
  EXPECT_THROW(semaphore(-1), std::invalid_argument);
  EXPECT_THROW(semaphore(PTRDIFF_MIN), std::invalid_argument);
  semaphore none(0);
  EXPECT_EQ(none.available(), 0u);
  EXPECT_FALSE(none.try_acquire().has_value());
}

TEST(semaphore, S2_that_is_free_is_acquired_without_letting_others_run) {
  const calm budgets_last;
  runtime rt({.workers = 1});
  semaphore free(2);
  record log;
  const auto peer = [&]() -> task<> {
    log.note("peer");
    co_return;
  };
  const auto acquires = [&]() -> task<> {
    auto other = spawn(peer);
    const semaphore_permit one = co_await free.acquire();
    const semaphore_permit two = co_await free.acquire();
    log.note("has both");
    EXPECT_EQ(free.available(), 0u);
    co_await other;
  };
  rt.block_on(acquires());
  EXPECT_EQ(log.all(), (lines{"has both", "peer"}));
  EXPECT_EQ(free.available(), 2u);
}

TEST(semaphore, S3_lets_waiters_in_first_in_first_out) {
  runtime rt({.workers = 1});
  semaphore one(1);
  std::vector<int> order;
  const auto waits = [&](int number) -> task<> {
    const semaphore_permit held = co_await one.acquire();
    order.push_back(number);
    co_await yield_now();
  };
  std::vector<join_handle<void>> all;
  {
    const std::optional<semaphore_permit> held = one.try_acquire();
    EXPECT_TRUE(held.has_value());
    for (int i = 0; i < 100; ++i) {
      all.push_back(rt.spawn(waits, i));
      let_all_wait(rt);
    }
  }
  const auto join = [&]() -> task<> {
    for (const join_handle<void>& each : all) co_await each;
  };
  rt.block_on(join());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(semaphore, S3_does_not_let_a_newcomer_overtake_a_waiter_that_has_not_run_yet) {
  runtime rt({.workers = 1});
  semaphore one(1);
  record log;
  const auto waits = [&]() -> task<> {
    const semaphore_permit held = co_await one.acquire();
    log.note("waiter");
  };
  const auto holder = [&]() -> task<> {
    semaphore_permit held = co_await one.acquire();
    auto waiter = spawn(waits);
    co_await yield_now();
    held.release();  // the waiter has the permit from now on, but has not run
    EXPECT_FALSE(one.try_acquire().has_value());
    const semaphore_permit again = co_await one.acquire();
    log.note("newcomer");
    co_await waiter;
  };
  rt.block_on(holder());
  EXPECT_EQ(log.all(), (lines{"waiter", "newcomer"}));
}

// Loses its place, nothing else.
TEST(semaphore, S4_K7_forgets_a_waiter_that_is_stopped_and_loses_no_permit) {
  runtime rt({.workers = 1});
  semaphore one(1);
  record log;
  door reached;
  const auto waits = [&](std::string name) -> task<> {
    const semaphore_permit held = co_await one.acquire();
    log.note(name);
  };
  std::optional<semaphore_permit> held = one.try_acquire();
  auto first = rt.spawn(waits, "first");
  let_all_wait(rt);
  auto second = rt.spawn(waits, "second");
  let_all_wait(rt);
  first.request_stop();
  let_all_wait(rt);
  held.reset();
  const auto join = [&]() -> task<> { co_await second; };
  rt.block_on(join());
  EXPECT_EQ(log.all(), lines{"second"});
  EXPECT_EQ(one.available(), 1u);
  const auto join_first = [&]() -> task<> { co_await first; };
  EXPECT_THROW(rt.block_on(join_first()), stopped_error);
}

TEST(semaphore, S5_gives_the_permit_of_a_waiter_that_is_stopped_after_the_hand_over_to_the_next) {
  runtime rt({.workers = 1});
  semaphore one(1);
  record log;
  const auto waits = [&](std::string name) -> task<> {
    const semaphore_permit held = co_await one.acquire();
    log.note(name + " got it");
    co_await yield_now();
    log.note(name + " went on");
  };
  const auto body = [&]() -> task<> {
    semaphore_permit held = co_await one.acquire();
    auto first = spawn(waits, "first");
    co_await yield_now();
    auto second = spawn(waits, "second");
    co_await yield_now();
    held.release();        // handed to the first, which has not run yet
    first.request_stop();  // a completed effect wins: it gets the permit, and gives it back when it unwinds
    co_await second;
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), (lines{"first got it", "second got it", "second went on"}));
  EXPECT_EQ(one.available(), 1u);
}

TEST(semaphore, loses_no_permit_whenever_stops_and_releases_meet) {
  runtime rt({.workers = 4});
  semaphore two(2);
  const auto worker = [&](int number) -> task<> {
    for (int i = 0; i < static_cast<int>(scaled(500)); ++i) {
      const auto acquires = [&]() -> task<> {
        const semaphore_permit held = co_await two.acquire();
        if ((i + number) % 3 == 0) co_await yield_now();
      };
      try {
        co_await with_timeout(std::chrono::microseconds((i * 7 + number) % 100), acquires());
      } catch (const timeout_error&) {
      }
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> workers;
    for (int i = 0; i < 16; ++i) workers.push_back(worker(i));
    co_await when_all(std::move(workers));
  };
  rt.block_on(all());
  EXPECT_EQ(two.available(), 2u);
}

TEST(semaphore, S7_gets_its_permit_back_when_the_holder_throws) {
  runtime rt({.workers = 1});
  semaphore one(1);
  const auto fails = [&]() -> task<> {
    const semaphore_permit held = co_await one.acquire();
    throw std::runtime_error("while holding");
  };
  EXPECT_THROW(rt.block_on(fails()), std::runtime_error);
  EXPECT_EQ(one.available(), 1u);
}

TEST(semaphore, gets_its_permit_back_when_the_holder_is_stopped) {
  runtime rt({.workers = 1});
  semaphore one(1);
  const auto holds = [&]() -> task<> {
    const semaphore_permit held = co_await one.acquire();
    co_await sleep_for(1h);
  };
  EXPECT_THROW(rt.block_on(with_timeout(1ms, holds())), timeout_error);
  EXPECT_EQ(one.available(), 1u);
}

TEST(semaphore, S9_never_has_more_holders_than_permits_in_a_million_steps_on_all_workers) {
  constexpr int permits = 3;
  constexpr int tasks = 40;
  constexpr std::size_t steps = scaled(1'000'000) / tasks;
  runtime rt({.workers = 4});
  semaphore limit(permits);
  std::atomic<int> holders = 0;
  std::atomic<int> too_many = 0;
  const auto loops = [&]() -> task<> {
    for (std::size_t i = 0; i < steps; ++i) {
      const semaphore_permit held = co_await limit.acquire();
      if (holders.fetch_add(1) >= permits) ++too_many;
      if (i % 16 == 0) co_await yield_now();
      holders.fetch_sub(1);
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> running;
    for (int i = 0; i < tasks; ++i) running.push_back(loops());
    co_await when_all(std::move(running));
  };
  rt.block_on(all());
  EXPECT_EQ(too_many, 0);
  EXPECT_EQ(limit.available(), static_cast<std::size_t>(permits));
}

// What happened before a release is seen after the acquire. Plain memory, for TSan.
TEST(semaphore, S8_orders_what_its_holders_do) {
  runtime rt({.workers = 4});
  semaphore one(1);
  long counter = 0;
  const auto adds = [&]() -> task<> {
    for (int i = 0; i < 1000; ++i) {
      const semaphore_permit held = co_await one.acquire();
      ++counter;
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> running;
    for (int i = 0; i < 8; ++i) running.push_back(adds());
    co_await when_all(std::move(running));
  };
  rt.block_on(all());
  EXPECT_EQ(counter, 8000);
}

TEST(semaphore, add_permits_lets_so_many_waiters_in_and_keeps_the_rest) {
  runtime rt({.workers = 1});
  semaphore none(0);
  int in = 0;
  const auto waits = [&]() -> task<> {
    semaphore_permit held = co_await none.acquire();
    held.forget();
    ++in;
  };
  for (int i = 0; i < 5; ++i) rt.spawn(waits).detach();
  let_all_wait(rt);
  EXPECT_EQ(in, 0);
  none.add_permits(3);
  let_all_wait(rt);
  EXPECT_EQ(in, 3);
  none.add_permits(4);
  let_all_wait(rt);
  EXPECT_EQ(in, 5);
  EXPECT_EQ(none.available(), 2u);
}

TEST(semaphore, S8_refuses_more_permits_than_a_number_holds) {
  semaphore one(1);
  EXPECT_THROW(one.add_permits(std::numeric_limits<std::size_t>::max()), std::overflow_error);
  EXPECT_EQ(one.available(), 1u);
}

TEST(semaphore_permit, may_be_moved_released_early_and_forgotten) {
  semaphore two(2);
  std::optional<semaphore_permit> taken = two.try_acquire();
  semaphore_permit first = std::move(*taken);
  EXPECT_FALSE(taken->is_held());
  taken.reset();
  EXPECT_EQ(two.available(), 1u);
  semaphore_permit second = std::move(*two.try_acquire());
  second = std::move(first);  // gives its own back
  EXPECT_EQ(two.available(), 1u);
  second.release();
  second.release();
  EXPECT_EQ(two.available(), 2u);
  semaphore_permit lost = std::move(*two.try_acquire());
  lost.forget();
  EXPECT_FALSE(lost.is_held());
  EXPECT_EQ(two.available(), 1u);
}

TEST(semaphore_death, destroyed_while_tasks_wait_for_it_fails_with_words) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        runtime rt({.workers = 1});
        auto dies = std::make_unique<semaphore>(0);
        const auto waits = [&]() -> task<> { const semaphore_permit never = co_await dies->acquire(); };
        rt.spawn(waits()).detach();
        let_all_wait(rt);
        dies.reset();
      },
      "destroyed while tasks wait");
}

}  // namespace
}  // namespace weft::test
