// compute and spawn_blocking: functions on other threads, awaited. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/timeout.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(offload, B1_brings_results_of_every_kind_back) {
  runtime rt({.workers = 1});
  int target = 0;
  const auto body = [&]() -> task<> {
    EXPECT_EQ(co_await compute([] { return 1; }), 1);
    const std::unique_ptr<int> owned = co_await spawn_blocking([] { return std::make_unique<int>(2); });
    EXPECT_EQ(*owned, 2);
    int& same = co_await compute([&]() -> int& { return target; });
    EXPECT_EQ(&same, &target);
    co_await spawn_blocking([&] { target = 3; });
    EXPECT_EQ(target, 3);
    auto only_moved = std::make_unique<int>(4);
    // Named: g++ 12 destroys the captures of a closure that is a temporary beside a co_await twice.
    auto moves_in = [given = std::move(only_moved)] { return *given; };
    EXPECT_EQ(co_await compute(std::move(moves_in)), 4);
  };
  rt.block_on(body());
}

TEST(offload, B1_brings_exceptions_back) {
  runtime rt({.workers = 1});
  const auto computes = []() -> task<int> {
    co_return co_await compute([]() -> int { throw std::runtime_error("compute"); });
  };
  const auto blocks = []() -> task<> {
    co_await spawn_blocking([] { throw std::runtime_error("blocking"); });
  };
  EXPECT_EQ(thrown_by([&] { return rt.block_on(computes()); }), "compute");
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(blocks());
              return 0;
            }),
            "blocking");
}

TEST(offload, runs_functions_elsewhere_and_the_task_goes_on_on_its_worker) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i) {
      const std::thread::id a = co_await compute([] { return std::this_thread::get_id(); });
      EXPECT_NE(a, home);
      EXPECT_EQ(std::this_thread::get_id(), home);
      const std::thread::id b = co_await spawn_blocking([] { return std::this_thread::get_id(); });
      EXPECT_NE(b, home);
      EXPECT_EQ(std::this_thread::get_id(), home);
    }
  };
  rt.block_on(body());
}

TEST(offload, B3_keeps_what_a_running_function_uses_although_its_task_is_stopped) {
  runtime rt({.workers = 1});
  census here;
  gate held;
  const auto body = [&]() -> task<> {
    const resident local(here);
    std::vector<int> used(1000, 1);
    co_await spawn_blocking([&] {
      held.pass();
      for (int& each : used) each += 1;  // ASan would see it if the frame were gone
    });
    EXPECT_EQ(used[999], 2);
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(held.is_reached());
  handle.request_stop();
  EXPECT_EQ(here.living(), 1);
  held.open();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
  EXPECT_EQ(here.living(), 0);
}

TEST(offload, drops_a_function_that_still_queues_when_its_task_is_stopped) {
  runtime rt({.workers = 1, .compute_threads = 1, .blocking_threads = 1});
  gate held;
  std::atomic<int> ran = 0;
  const auto first_computes = [&]() -> task<> { co_await compute([&] { held.pass(); }); };
  const auto first_blocks = [&]() -> task<> { co_await spawn_blocking([&] { held.pass(); }); };
  auto a = rt.spawn(first_computes);
  auto b = rt.spawn(first_blocks);
  EXPECT_TRUE(held.is_reached(2));
  const auto computes = [&]() -> task<> { co_await compute([&] { ++ran; }); };
  const auto blocks = [&]() -> task<> { co_await spawn_blocking([&] { ++ran; }); };
  EXPECT_THROW(rt.block_on(with_timeout(2ms, computes())), timeout_error);
  EXPECT_THROW(rt.block_on(with_timeout(2ms, blocks())), timeout_error);
  held.open();
  const auto join = [&]() -> task<> {
    co_await a;
    co_await b;
  };
  rt.block_on(join());
  EXPECT_EQ(ran, 0);
}

TEST(offload, B4_of_functions_that_all_block_stops_neither_timers_nor_sockets) {
  runtime rt({.workers = 1, .compute_threads = 2, .blocking_threads = 8});
  gate held;
  const auto blocks = [&]() -> task<> { co_await spawn_blocking([&] { held.pass(); }); };
  const auto computes = [&]() -> task<> { co_await compute([&] { held.pass(); }); };
  const auto goes_on = [&]() -> task<> {
    connection ends = co_await connect_loopback();
    for (int i = 0; i < 100; ++i) {
      co_await sleep_for(100us);
      co_await ends.first.write_all(bytes_of("x"));
      std::byte one[1];
      EXPECT_EQ(co_await ends.second.read(one), 1u);
    }
    held.open();
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(blocks());
    for (int i = 0; i < 2; ++i) tasks.push_back(computes());
    tasks.push_back(goes_on());
    co_await when_all(std::move(tasks));
  };
  rt.block_on(all());
}

TEST(offload, K8_never_runs_more_functions_than_its_caps) {
  runtime rt({.workers = 2, .compute_threads = 2, .blocking_threads = 3});
  std::atomic<int> computing = 0;
  std::atomic<int> blocking = 0;
  std::atomic<int> too_many = 0;
  const auto counts = [&](std::atomic<int>& inside, int cap) {
    if (++inside > cap) ++too_many;
    std::this_thread::yield();
    --inside;
  };
  const auto computes = [&]() -> task<> { co_await compute([&] { counts(computing, 2); }); };
  const auto blocks = [&]() -> task<> { co_await spawn_blocking([&] { counts(blocking, 3); }); };
  const auto all = [&]() -> task<> {
    std::vector<task<>> tasks;
    for (int i = 0; i < 200; ++i) {
      tasks.push_back(computes());
      tasks.push_back(blocks());
    }
    co_await when_all(std::move(tasks));
  };
  rt.block_on(all());
  EXPECT_EQ(too_many, 0);
}

TEST(offload, runs_as_many_blocking_functions_at_once_as_its_cap) {
  runtime rt({.workers = 1, .blocking_threads = 4});
  meeting all(4);
  const auto blocks = [&]() -> task<bool> {
    co_return co_await spawn_blocking([&] { return all.attend(); });
  };
  const auto fork = [&]() -> task<> {
    std::vector<task<bool>> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(blocks());
    for (const bool met : co_await when_all(std::move(tasks))) EXPECT_TRUE(met);
  };
  rt.block_on(fork());
}

}  // namespace
}  // namespace weft::test
