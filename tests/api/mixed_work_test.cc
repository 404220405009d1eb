// Everything at once: tasks that fork, read sockets, sleep and compute, on all workers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/loopback.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// One byte to the peer and back over the task's own connection.
task<> echoes(connection& ends) {
  const auto sends = [&]() -> task<> { co_await ends.first.write_all(bytes_of("x")); };
  const auto answers = [&]() -> task<> {
    std::byte one[1];
    EXPECT_EQ(co_await ends.second.read(one), 1u);
    co_await ends.second.write_all(one);
  };
  co_await when_all(answers(), sends());
  std::byte one[1];
  EXPECT_EQ(co_await ends.first.read(one), 1u);
}

task<> sleeps(int us) {
  co_await sleep_for(std::chrono::microseconds(us));
}

task<int> computes(int value) {
  co_return co_await compute([value] { return value * 2; });
}

TEST(mixed_work, on_all_workers_ends_with_the_right_results) {
  constexpr int lanes = 50;
  constexpr auto rounds = static_cast<int>(scaled(10'000)) / lanes;
  for (const unsigned workers : {1u, 2u, 4u}) {
    runtime rt({.workers = workers});
    std::atomic<int> ended = 0;
    const auto lane = [&]() -> task<> {
      connection ends = co_await connect_loopback();
      for (int i = 0; i < rounds; ++i) {
        const auto results = co_await when_all(echoes(ends), sleeps(i % 50 + 1), computes(i));
        EXPECT_EQ(std::get<2>(results), 2 * i);
        if (i % 10 == 0) co_await spawn_blocking([] {});
        if (i % 7 == 0) co_await with_timeout(1h, echoes(ends));
        ++ended;
      }
    };
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < lanes; ++i) group.spawn(lane);
      co_return;
    };
    rt.block_on(with_task_group(body));
    EXPECT_EQ(ended, lanes * rounds);
  }
}

// The same under stops that come at any time.
TEST(mixed_work, that_is_stopped_at_any_time_ends_whole) {
  for (int round = 0; round < 60; ++round) {
    runtime rt({.workers = 2});
    const auto lane = [&]() -> task<> {
      connection ends = co_await connect_loopback();
      for (int i = 0;; ++i) static_cast<void>(co_await when_all(echoes(ends), sleeps(i % 20), computes(i)));
    };
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < 4; ++i) group.spawn(lane);
      co_await sleep_for(1h);
    };
    EXPECT_THROW(rt.block_on(with_timeout(std::chrono::microseconds(100 * round), with_task_group(body))),
                 timeout_error);
  }
}

}  // namespace
}  // namespace weft::test
