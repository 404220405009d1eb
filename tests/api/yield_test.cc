// Fairness: yield_now, and the budget of operations that are always ready. SPDX-License-Identifier: Apache-2.0
#include "weft/yield.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>

#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/runtime.h"
#include "weft/sync/semaphore.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

TEST(yield_now, lets_the_other_ready_tasks_run_first) {
  runtime rt({.workers = 1});
  record log;
  const auto steps = [&](std::string name) -> task<> {
    for (int i = 0; i < 2; ++i) {
      log.note(name);
      co_await yield_now();
    }
  };
  const auto body = [&]() -> task<> {
    auto a = spawn(steps, "a");
    auto b = spawn(steps, "b");
    co_await a;
    co_await b;
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), (lines{"a", "b", "a", "b"}));
}

TEST(yield_now, goes_on_when_nobody_else_is_ready) {
  runtime rt({.workers = 2});
  const auto body = []() -> task<int> {
    int i = 0;
    for (; i < 100'000; ++i) co_await yield_now();
    co_return i;
  };
  EXPECT_EQ(rt.block_on(body()), 100'000);
}

// Spins on operations that are always ready until a peer on the same worker has run.
constexpr int far_more_than_the_budget = 10'000;

TEST(budget, K3_lets_a_peer_run_beside_a_task_whose_semaphore_is_always_free) {
  runtime rt({.workers = 1});
  semaphore free(1);
  bool has_peer_run = false;
  const auto peer = [&]() -> task<> {
    has_peer_run = true;
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto other = spawn(peer);
    for (int i = 0; i < far_more_than_the_budget && !has_peer_run; ++i) {
      const semaphore_permit held = co_await free.acquire();
    }
    EXPECT_TRUE(has_peer_run);
    co_await other;
  };
  rt.block_on(body());
}

TEST(budget, K3_lets_a_peer_run_beside_a_task_whose_socket_is_always_ready) {
  runtime rt({.workers = 1});
  bool has_peer_run = false;
  const auto peer = [&]() -> task<> {
    has_peer_run = true;
    co_return;
  };
  const auto body = [&]() -> task<> {
    connection ends = co_await connect_loopback();
    const std::string much(far_more_than_the_budget, 'x');
    co_await ends.first.write_all(bytes_of(much));
    auto other = spawn(peer);
    for (int i = 0; i < far_more_than_the_budget && !has_peer_run; ++i) {
      std::byte one[1];
      EXPECT_EQ(co_await ends.second.read(one), 1u);
    }
    EXPECT_TRUE(has_peer_run);
    co_await other;
  };
  rt.block_on(body());
}

// As far as we can have it: two that hand each other the permit leave room for a third.
TEST(budget, K4_lets_a_third_task_run_beside_two_that_wake_each_other) {
  runtime rt({.workers = 1});
  semaphore ping(1);
  semaphore pong(0);
  std::atomic<bool> has_third_run = false;
  const auto plays = [&](semaphore& mine, semaphore& other) -> task<> {
    for (int i = 0; i < 100'000 && !has_third_run; ++i) {
      semaphore_permit turn = co_await mine.acquire();
      turn.forget();
      other.add_permits(1);
    }
    other.add_permits(1);  // lets the other one see the end
  };
  const auto third = [&]() -> task<> {
    has_third_run = true;
    co_return;
  };
  const auto body = [&]() -> task<> {
    const auto played = co_await when_all(plays(ping, pong), plays(pong, ping), third());
    static_cast<void>(played);
  };
  rt.block_on(body());
  EXPECT_TRUE(has_third_run);
}

}  // namespace
}  // namespace weft::test
