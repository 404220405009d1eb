// runtime: starts, runs a task to its end for a thread, and refuses what cannot be meant. Its end is in
// shutdown_test.cc. SPDX-License-Identifier: Apache-2.0
#include "weft/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

task<int> answers() {
  co_await yield_now();
  co_return 42;
}
task<> nothing() {
  co_return;
}

TEST(run, gives_the_result_of_its_task_or_zero) {
  EXPECT_EQ(run(answers()), 42);
  EXPECT_EQ(run(nothing(), {.workers = 1}), 0);
}

TEST(run, throws_what_its_task_throws) {
  const auto fails = []() -> task<> {
    co_await yield_now();
    throw std::runtime_error("program");
  };
  EXPECT_EQ(thrown_by([&] { return run(fails(), {.workers = 1}); }), "program");
}

TEST(run, R1_reports_the_errors_of_leftover_tasks) {
  record log;
  runtime_options options;
  options.workers = 1;
  options.on_unhandled_error = [&](const unhandled_error& lost) { log.note(text_of(lost.error)); };
  const auto leftover = []() -> task<> {
    throw std::runtime_error("leftover");
    co_return;
  };
  const auto program = [&]() -> task<> {
    spawn(leftover).detach();
    co_await yield_now();
  };
  run(program(), options);
  EXPECT_EQ(log.all(), lines{"leftover"});
}

TEST(run, R1_reports_the_error_of_a_leftover_task_that_fails_while_it_is_being_stopped) {
  record log;
  gate held;
  runtime_options options;
  options.workers = 1;
  options.on_unhandled_error = [&](const unhandled_error& lost) { log.note(text_of(lost.error)); };
  // A function that runs is not interrupted: its error comes after the stop.
  const auto leftover = [&]() -> task<> {
    const inplace_stop_token token = co_await current_stop_token();
    co_await spawn_blocking([&held, token] {
      held.pass();
      EXPECT_TRUE(eventually([token] { return token.stop_requested(); }));
      throw std::runtime_error("while being stopped");
    });
  };
  const auto program = [&]() -> task<> {
    spawn(leftover).detach();
    held.open();
    co_await spawn_blocking([&] { EXPECT_TRUE(held.is_reached()); });
  };
  run(program(), options);
  EXPECT_EQ(log.all(), lines{"while being stopped"});
}

TEST(run, R2_inside_a_task_is_an_error_and_so_is_block_on) {
  runtime outer({.workers = 1});
  runtime other({.workers = 1});
  const auto nested = [&]() -> task<> {
    for (runtime* each : {&outer, &other}) {
      bool is_refused = false;
      try {
        each->block_on(nothing());
      } catch (const std::logic_error& refused) {
        is_refused = std::string(refused.what()).find("co_await") != std::string::npos;
      }
      EXPECT_TRUE(is_refused);
    }
    bool is_refused = false;
    try {
      run(nothing(), {.workers = 1});
    } catch (const std::logic_error&) {
      is_refused = true;
    }
    EXPECT_TRUE(is_refused);
    co_return;
  };
  outer.block_on(nested());
}

TEST(runtime, refuses_options_that_cannot_be_meant) {
  EXPECT_THROW(runtime({.workers = 0}), std::invalid_argument);
  EXPECT_THROW(runtime({.workers = 1'000'000}), std::invalid_argument);
  EXPECT_THROW(runtime({.workers = 1, .compute_threads = 0}), std::invalid_argument);
  EXPECT_THROW(runtime({.workers = 1, .blocking_threads = 0}), std::invalid_argument);
}

TEST(runtime, has_as_many_workers_as_it_was_asked_for) {
  for (const unsigned workers : {1u, 2u, 7u}) {
    runtime rt({.workers = workers});
    EXPECT_EQ(rt.worker_count(), workers);
  }
  EXPECT_GE(runtime().worker_count(), 1u);
}

TEST(runtime, may_be_made_and_ended_many_times) {
  for (int i = 0; i < 200; ++i) {
    runtime rt({.workers = 2});
    if (i % 2 == 0) {
      EXPECT_EQ(rt.block_on(answers()), 42);
    }
  }
}

TEST(runtime, blocks_several_threads_at_once) {
  runtime rt({.workers = 2});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_EQ(rt.block_on(answers()), 42);
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST(runtime, K11_survives_errors_that_nobody_takes) {
  std::atomic<int> reported = 0;
  runtime_options options;
  options.workers = 2;
  options.on_unhandled_error = [&](const unhandled_error&) { ++reported; };
  runtime rt(options);
  const auto fails = []() -> task<> {
    throw 1;
    co_return;
  };
  for (int i = 0; i < 100; ++i) rt.spawn(fails).detach();
  EXPECT_TRUE(eventually([&] { return reported == 100; }));
  EXPECT_EQ(rt.block_on(answers()), 42);
}

// --- several runtimes

TEST(two_runtimes, share_a_semaphore_and_each_task_goes_on_on_its_own_workers) {
  semaphore shared(1);
  runtime left({.workers = 1, .name = "left"});
  runtime right({.workers = 1, .name = "right"});
  std::atomic<int> strangers = 0;
  const auto loops = [&]() -> task<> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 2000; ++i) {
      const semaphore_permit held = co_await shared.acquire();
      if (std::this_thread::get_id() != home) ++strangers;
      if (i % 3 == 0) co_await yield_now();
      if (std::this_thread::get_id() != home) ++strangers;
    }
  };
  const auto several = [&]() -> task<> { co_await when_all(loops(), loops(), loops()); };
  std::thread other([&] { left.block_on(several()); });
  right.block_on(several());
  other.join();
  EXPECT_EQ(strangers, 0);
  EXPECT_EQ(shared.available(), 1u);
}

TEST(two_runtimes, let_a_task_await_a_handle_of_the_other) {
  runtime left({.workers = 1});
  runtime right({.workers = 1});
  const auto there = []() -> task<std::thread::id> {
    co_await yield_now();
    co_return std::this_thread::get_id();
  };
  const auto here = [&]() -> task<> {
    for (int i = 0; i < 500; ++i) {
      const std::thread::id home = std::this_thread::get_id();
      auto handle = right.spawn(there);
      const std::thread::id other = co_await handle;
      EXPECT_NE(other, home);
      EXPECT_EQ(std::this_thread::get_id(), home);
    }
  };
  left.block_on(here());
}

TEST(two_runtimes, may_end_one_while_its_task_waits_for_what_the_other_holds) {
  semaphore shared(1);
  runtime left({.workers = 1});
  std::optional<semaphore_permit> held = shared.try_acquire();
  const auto waits = [&]() -> task<> { const semaphore_permit never = co_await shared.acquire(); };
  {
    runtime right({.workers = 1});
    right.spawn(waits()).detach();
    right.block_on(yield_now());
  }
  held.reset();
  left.block_on(waits());
  EXPECT_EQ(shared.available(), 1u);
}

}  // namespace
}  // namespace weft::test
