// Spawned tasks that kept what they held for longer than they ran: until the last handle was dropped.
// SPDX-License-Identifier: Apache-2.0
#include "weft/spawn.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/sync/semaphore.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(spawn_regress, a_parameter_by_value_dies_with_its_task_and_not_with_the_handle) {
  runtime rt({.workers = 2});
  census here;
  const auto work = [](resident) -> task<> { co_return; };
  auto handle = rt.spawn(work, resident(here));
  ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_GT(here.born(), 0);
  EXPECT_EQ(here.living(), 0);
  handle.detach();
}

TEST(spawn_regress, captures_of_a_callable_die_with_its_task_and_not_with_the_handle) {
  runtime rt({.workers = 2});
  census here;
  auto handle = rt.spawn([held = resident(here)]() -> task<int> {
    static_cast<void>(held);
    co_return 1;
  });
  ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_EQ(here.living(), 0);
  handle.detach();
}

TEST(spawn_regress, what_a_stopped_task_was_given_dies_with_it_and_not_with_the_handle) {
  runtime rt({.workers = 2});
  census here;
  door never;
  const auto work = [&](resident) -> task<> { co_await never.pass(); };
  auto handle = rt.spawn(work, resident(here));
  ASSERT_TRUE(never.is_reached());
  handle.request_stop();
  ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_EQ(here.living(), 0);
  handle.detach();
}

// What it was found by: a loop that starts tasks with a permit each, and keeps the handles.
TEST(spawn_regress, a_permit_given_to_a_task_is_free_again_when_whoever_awaits_it_goes_on) {
  runtime rt({.workers = 2});
  semaphore limit(1);
  const auto work = [](semaphore_permit) -> task<> { co_return; };
  const auto program = [&]() -> task<> {
    semaphore_permit first = co_await limit.acquire();
    auto handle = spawn(work, std::move(first));
    co_await handle;
    EXPECT_EQ(limit.available(), 1u);
  };
  rt.block_on(program());
}

TEST(spawn_regress, a_socket_given_to_a_task_is_closed_at_its_end_though_the_handle_lives) {
  runtime rt({.workers = 2});
  const auto serve = [](tcp_stream served) -> task<> {
    static_cast<void>(served);
    co_return;
  };
  const auto program = [&]() -> task<> {
    connection ends = co_await connect_loopback();
    auto handle = spawn(serve, std::move(ends.second));
    std::byte byte[1];
    EXPECT_EQ(co_await with_timeout(20s, ends.first.read(byte)), 0u);
    co_await handle;
  };
  EXPECT_NO_THROW(rt.block_on(program()));
}

// A socket must not outlive its runtime; a handle may.
TEST(spawn_regress, a_handle_may_outlive_the_runtime_of_a_task_that_was_given_a_socket) {
  const auto serve = [](tcp_stream served) -> task<int> { co_return served.is_open() ? 1 : 0; };
  std::optional<join_handle<int>> kept;
  {
    runtime rt({.workers = 1});
    const auto program = [&]() -> task<> {
      connection ends = co_await connect_loopback();
      kept.emplace(spawn(serve, std::move(ends.second)));
    };
    rt.block_on(program());
    ASSERT_TRUE(eventually([&] { return kept->is_done(); }));
  }
  const auto awaits = [&]() -> task<int> { co_return co_await *kept; };
  runtime other({.workers = 1});
  EXPECT_EQ(other.block_on(awaits()), 1);
  kept.reset();
}

}  // namespace
}  // namespace weft::test
