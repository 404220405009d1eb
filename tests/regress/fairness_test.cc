// Tasks that kept a worker for themselves: a chain cut by the transfer budget got a fresh turn each time.
//
// One worker, so that nobody else can run the peer; counts of steps in place of clocks.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/build_kind.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/spawn.h"
#include "weft/sync/semaphore.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Far more than any budget.
constexpr std::size_t most_steps = scaled(1'000'000);

// All on one worker: plain variables.
struct fairness_regress : testing::Test {
  // Spins until its peer has run; gives up by itself.
  template <class Step>
  task<> spin(Step& step) {
    while (!has_peer_run && steps < most_steps) {
      co_await step();
      ++steps;
    }
  }
  template <class Step>
  void expect_the_peer_to_run_beside(Step step) {
    const auto spins = [&]() -> task<> { co_await spin(step); };
    const auto peers = [&]() -> task<> {
      has_peer_run = true;
      co_return;
    };
    const auto program = [&]() -> task<> {
      auto spinner = spawn(spins);
      auto peer = spawn(peers);
      co_await spinner;
      co_await peer;
    };
    rt.block_on(program());
    EXPECT_LT(steps, most_steps) << "a ready task was starved";
  }

  runtime rt{{.workers = 1}};
  bool has_peer_run = false;
  std::size_t steps = 0;
};

TEST_F(fairness_regress, permits_that_are_free_do_not_starve_a_peer) {
  semaphore free(1);
  expect_the_peer_to_run_beside([&]() -> task<> { const semaphore_permit held = co_await free.acquire(); });
}

TEST_F(fairness_regress, permits_taken_in_a_helper_of_a_helper_do_not_starve_a_peer) {
  semaphore free(1);
  const auto inner = [&]() -> task<> { const semaphore_permit held = co_await free.acquire(); };
  expect_the_peer_to_run_beside([&]() -> task<> { co_await inner(); });
}

TEST_F(fairness_regress, awaiting_tasks_that_never_wait_does_not_starve_a_peer) {
  expect_the_peer_to_run_beside([]() -> task<> { co_return; });
}

// The peer comes by a timer, and then through the queue.
TEST_F(fairness_regress, awaiting_tasks_that_never_wait_does_not_starve_a_timer) {
  const auto nothing = []() -> task<> { co_return; };
  const auto sleeps = [&]() -> task<> {
    co_await sleep_for(1ms);
    has_peer_run = true;
  };
  const auto program = [&]() -> task<> {
    auto sleeper = spawn(sleeps);
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!has_peer_run && std::chrono::steady_clock::now() < give_up) co_await nothing();
    EXPECT_TRUE(has_peer_run);
    co_await sleeper;
  };
  rt.block_on(program());
}

}  // namespace
}  // namespace weft::test
