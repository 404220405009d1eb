// spawn: returns before the body runs, keeps what the body needs, and runs it on the runtime's workers.
// SPDX-License-Identifier: Apache-2.0
#include "weft/spawn.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

TEST(spawn, T2_returns_before_the_body_runs) {
  runtime rt({.workers = 1});
  record log;
  const auto child = [&]() -> task<> {
    log.note("child");
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto handle = spawn(child);
    log.note("spawned");
    EXPECT_FALSE(handle.is_done());
    co_await handle;
    EXPECT_TRUE(handle.is_done());
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), (lines{"spawned", "child"}));
}

TEST(spawn, T2_runs_the_body_on_a_worker_and_not_on_the_caller) {
  runtime rt({.workers = 1});
  const auto where = []() -> task<std::thread::id> { co_return std::this_thread::get_id(); };
  auto first = rt.spawn(where);
  auto second = rt.spawn(where());
  const auto join = [&]() -> task<> {
    const std::thread::id a = co_await first;
    const std::thread::id b = co_await second;
    EXPECT_EQ(a, std::this_thread::get_id());
    EXPECT_EQ(b, std::this_thread::get_id());
  };
  rt.block_on(join());
}

TEST(spawn, T3_of_several_tasks_lets_them_overlap) {
  runtime rt({.workers = 3});
  meeting all(3);
  const auto attends = [&]() -> task<bool> { co_return all.attend(); };
  const auto body = [&]() -> task<> {
    auto a = spawn(attends);
    auto b = spawn(attends);
    EXPECT_TRUE(all.attend());
    EXPECT_TRUE(co_await a);
    EXPECT_TRUE(co_await b);
  };
  rt.block_on(body());
  EXPECT_EQ(all.threads(), 3u);
}

TEST(spawn, keeps_a_lambda_with_captures_and_its_arguments_alive) {
  runtime rt({.workers = 2});
  census here;
  std::vector<join_handle<int>> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(rt.spawn(
        [captured = resident(here), text = std::string(100, 'x')](const resident&, int given) -> task<int> {
          co_await yield_now();
          co_return static_cast<int>(text.size()) + given;
        },
        resident(here), i));
  }
  const auto join = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await handles[static_cast<std::size_t>(i)], 100 + i);
  };
  rt.block_on(join());
  handles.clear();
  EXPECT_EQ(here.living(), 0);
}

TEST(spawn, moves_arguments_in_copies_lvalues_and_takes_references_by_ref) {
  runtime rt({.workers = 1});
  int target = 0;
  const std::string kept = "a text that is too long to be kept in place";
  const auto takes = [](std::unique_ptr<int> owned, std::string text, int& to) -> task<std::size_t> {
    to = *owned;
    co_return text.size();
  };
  const auto body = [&]() -> task<std::size_t> {
    auto handle = spawn(takes, std::make_unique<int>(7), kept, std::ref(target));
    co_return co_await handle;
  };
  EXPECT_EQ(rt.block_on(body()), kept.size());
  EXPECT_EQ(target, 7);
}

TEST(spawn, takes_member_functions) {
  struct server {
    task<int> answer(int question) {
      co_await yield_now();
      co_return question + offset;
    }
    int offset = 1;
  };
  runtime rt({.workers = 1});
  server one;
  auto handle = rt.spawn(&server::answer, &one, 41);
  const auto join = [&]() -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), 42);
}

TEST(spawn, works_from_any_thread) {
  runtime rt({.workers = 2});
  std::atomic<int> ran = 0;
  const auto counts = [&]() -> task<> {
    ++ran;
    co_return;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) rt.spawn(counts).detach();
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(eventually([&] { return ran == 4000; }));
}

TEST(spawn, whose_callable_throws_throws_at_the_caller_and_keeps_nothing) {
  runtime rt({.workers = 1});
  census here;
  struct refuses {
    task<> operator()(resident) const {
      fail();
      return nothing();
    }
    static void fail() { throw std::runtime_error("no task"); }
    static task<> nothing() { co_return; }
  };
  EXPECT_EQ(thrown_by([&] {
              rt.spawn(refuses(), resident(here)).detach();
              return 0;
            }),
            "no task");
  EXPECT_EQ(here.living(), 0);
}

TEST(spawn, from_tasks_spreads_work_over_all_workers) {
  runtime rt({.workers = 3});
  meeting all(3);
  const auto root = [&]() -> task<> {
    std::vector<join_handle<bool>> handles;
    const auto attends = [&]() -> task<bool> { co_return all.attend(); };
    for (int i = 0; i < 3; ++i) handles.push_back(spawn(attends));
    for (const join_handle<bool>& each : handles) EXPECT_TRUE(co_await each);
  };
  rt.block_on(root());
  EXPECT_EQ(all.threads(), 3u);
}

TEST(spawn_death, outside_a_task_fails_with_words) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto nothing = []() -> task<> { co_return; };
  EXPECT_DEATH(spawn(nothing).detach(), "runtime::spawn");
}

}  // namespace
}  // namespace weft::test
