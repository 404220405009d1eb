// What holds for both pools: whom they resume, and what a stop does to a call at each step.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/support/offload_waiter.h"
#include "weft/rt/offload/blocking_pool.h"
#include "weft/rt/offload/compute_pool.h"
#include "weft/rt/offload/refusal.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

struct blocking : ::testing::Test {
  static std::unique_ptr<blocking_pool> make(engine_stub& engine, unsigned threads) {
    return std::make_unique<blocking_pool>(blocking_pool_options{.max_threads = threads}, engine.sink());
  }
  static void end(blocking_pool& pool) { pool.drain_and_join(); }
};
struct compute : ::testing::Test {
  static std::unique_ptr<compute_pool> make(engine_stub& engine, unsigned threads) {
    return std::make_unique<compute_pool>(compute_pool_options{.threads = threads}, engine.sink());
  }
  static void end(compute_pool& pool) { pool.drain(); }
};

template <class Kind>
struct offload : Kind {};
using kinds = ::testing::Types<blocking, compute>;
struct kind_names {
  template <class Kind>
  static std::string GetName(int) {
    return std::is_same_v<Kind, blocking> ? "blocking" : "compute";
  }
};
TYPED_TEST_SUITE(offload, kinds, kind_names);

TYPED_TEST(offload, a_function_runs_on_another_thread_and_its_task_comes_back_once) {
  engine_stub engine;
  auto pool = this->make(engine, 2);
  std::thread::id ran_on;
  waiting_task task([&] { ran_on = std::this_thread::get_id(); });
  ASSERT_EQ(await(*pool, task), start_outcome::started);
  ASSERT_TRUE(engine.wait_for(1));
  this->end(*pool);
  EXPECT_EQ(engine.jobs(), std::vector<job*>{&task.own});
  EXPECT_TRUE(task.is_resumed());
  EXPECT_TRUE(task.has_run);
  EXPECT_NE(ran_on, std::thread::id());
  EXPECT_NE(ran_on, std::this_thread::get_id());
  EXPECT_EQ(pool->counters().ended, 1u);
}

TYPED_TEST(offload, an_exception_is_there_when_the_task_comes_back) {
  engine_stub engine;
  auto pool = this->make(engine, 1);
  waiting_task task([] { throw std::runtime_error("no such file"); });
  ASSERT_EQ(await(*pool, task), start_outcome::started);
  ASSERT_TRUE(engine.wait_for(1));
  ASSERT_NE(task.error, nullptr);
  EXPECT_THROW(std::rethrow_exception(task.error), std::runtime_error);
}

TYPED_TEST(offload, no_thread_is_started_before_the_first_call) {
  engine_stub engine;
  auto pool = this->make(engine, 2);
  EXPECT_EQ(pool->counters().threads, 0u);
}

TYPED_TEST(offload, functions_that_wait_for_each_other_run_at_the_same_time) {
  engine_stub engine;
  auto pool = this->make(engine, 2);
  gate both;
  std::atomic<int> inside{0};
  auto meet = [&] {
    if (inside.fetch_add(1) == 1) both.open();
    both.pass();
  };
  waiting_task first(meet), second(meet);
  ASSERT_EQ(await(*pool, first), start_outcome::started);
  ASSERT_EQ(await(*pool, second), start_outcome::started);
  EXPECT_TRUE(engine.wait_for(2));
}

TYPED_TEST(offload, a_burst_uses_all_threads_and_no_more_than_the_cap) {
  engine_stub engine;
  auto pool = this->make(engine, 3);
  gate door;
  std::deque<waiting_task> tasks;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(await(*pool, tasks.emplace_back([&] { door.pass(); })), start_outcome::started);
  }
  ASSERT_TRUE(door.is_reached(3));
  const crew_counters seen = pool->counters();
  EXPECT_EQ(seen.threads, 3u);
  EXPECT_EQ(seen.idle, 0u);
  EXPECT_EQ(seen.queued, 7u);
  door.open();
  EXPECT_TRUE(engine.wait_for(10));
}

TYPED_TEST(offload, a_free_thread_is_used_before_another_is_started) {
  engine_stub engine;
  auto pool = this->make(engine, 8);
  std::deque<waiting_task> tasks;
  for (std::size_t i = 1; i <= 20; ++i) {
    ASSERT_EQ(await(*pool, tasks.emplace_back([] {})), start_outcome::started);
    ASSERT_TRUE(eventually([&] { return pool->counters().ended == i; }));
  }
  EXPECT_EQ(pool->counters().threads, 1u);
}

TYPED_TEST(offload, a_stop_before_start_makes_start_say_so_and_the_awaiter_end_it) {
  engine_stub engine;
  auto pool = this->make(engine, 1);
  waiting_task task([] {});
  ASSERT_TRUE(task.arm());
  EXPECT_EQ(stop(task), 0) << "the awaiter is still at work: the canceller must leave the task to it";
  ASSERT_EQ(pool->start(task.operation), start_outcome::stopped);
  task.own.to_unwind(task.leaf);
  EXPECT_TRUE(task.own.finish()) << "the canceller has left, so the awaiter hands out";
  this->end(*pool);
  EXPECT_FALSE(task.has_run);
  EXPECT_TRUE(engine.jobs().empty());
}

TYPED_TEST(offload, a_stop_of_a_queued_call_is_prompt_and_its_function_never_runs) {
  engine_stub engine;
  auto pool = this->make(engine, 1);
  gate door;
  waiting_task running([&] { door.pass(); }), queued([] {}), behind([] {});
  ASSERT_EQ(await(*pool, running), start_outcome::started);
  ASSERT_TRUE(door.is_reached());
  ASSERT_EQ(await(*pool, queued), start_outcome::started);
  ASSERT_EQ(await(*pool, behind), start_outcome::started);
  EXPECT_EQ(stop(queued), 1) << "no thread knows the call any more";
  EXPECT_TRUE(queued.is_unwound());
  EXPECT_EQ(pool->counters().queued, 1u);
  door.open();
  this->end(*pool);
  EXPECT_FALSE(queued.has_run);
  EXPECT_TRUE(behind.has_run);
  EXPECT_EQ(engine.jobs(), (std::vector<job*>{&running.own, &behind.own}));
}

TYPED_TEST(offload, a_stop_of_a_running_function_frees_nothing_under_it_and_its_effect_wins) {
  engine_stub engine;
  auto pool = this->make(engine, 1);
  gate door;
  waiting_task task([&] { door.pass(); });
  ASSERT_EQ(await(*pool, task), start_outcome::started);
  ASSERT_TRUE(door.is_reached());
  EXPECT_EQ(stop(task), 0);
  EXPECT_TRUE(engine.jobs().empty());
  door.open();
  ASSERT_TRUE(engine.wait_for(1));
  EXPECT_TRUE(task.is_resumed());
  EXPECT_TRUE(task.has_run);
  EXPECT_TRUE(task.own.is_stopping());
}

TYPED_TEST(offload, shutdown_runs_what_is_queued_and_refuses_what_comes_after) {
  engine_stub engine;
  auto pool = this->make(engine, 2);
  std::deque<waiting_task> tasks;
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(await(*pool, tasks.emplace_back([] {})), start_outcome::started);
  }
  this->end(*pool);
  EXPECT_EQ(engine.jobs().size(), 50u);
  for (const waiting_task& task : tasks) EXPECT_TRUE(task.has_run);
  EXPECT_EQ(pool->counters().threads, 0u);

  waiting_task late([] {});
  ASSERT_EQ(await(*pool, late), start_outcome::refused);
  EXPECT_EQ(late.operation.refusal, offload_refusal::shut_down);
  EXPECT_EQ(late.operation.refusal, std::errc::operation_canceled);
  EXPECT_NE(late.operation.refusal.message().find("shuts down"), std::string::npos);
  EXPECT_TRUE(late.own.finish());
  EXPECT_EQ(stop(late), 0);
  this->end(*pool);  // again: nothing
}

// Every interleaving that the machine gives: exactly one side hands the job out, and the function has run
// exactly when the task is resumed.
TYPED_TEST(offload, a_stop_at_any_moment_gives_exactly_one_outcome) {
  engine_stub engine;
  auto pool = this->make(engine, 2);
  constexpr int rounds = 4000;
  std::deque<waiting_task> tasks;
  for (int i = 0; i < rounds; ++i) tasks.emplace_back([] {});
  std::vector<std::atomic<int>> handed_out(rounds);
  std::atomic<int> round{-1};  // the task that is about to be armed

  std::thread canceller([&] {
    for (int i = 0; i < rounds; ++i) {
      while (round.load() < i) std::this_thread::yield();
      for (int spin = 0; spin < (i * 7) % 300; ++spin) static_cast<void>(round.load());
      handed_out[i] += stop(tasks[i]);
    }
  });
  int never_armed = 0;
  std::vector<bool> was_armed(rounds);
  for (int i = 0; i < rounds; ++i) {
    round.store(i);
    if ((i & 1) != 0) std::this_thread::yield();
    was_armed[i] = tasks[i].arm();
    if (!was_armed[i]) {
      ++never_armed;
      continue;
    }
    const start_outcome outcome = pool->start(tasks[i].operation);
    ASSERT_NE(outcome, start_outcome::refused);
    if (outcome == start_outcome::stopped) {
      tasks[i].own.to_unwind(tasks[i].leaf);
      if (tasks[i].own.finish()) ++handed_out[i];
    }
  }
  canceller.join();
  this->end(*pool);
  for (job* came : engine.jobs()) {
    for (int i = 0; i < rounds; ++i) {
      if (came == &tasks[i].own) ++handed_out[i];
    }
  }
  for (int i = 0; i < rounds; ++i) {
    if (!was_armed[i]) {
      EXPECT_EQ(handed_out[i], 0);
      continue;
    }
    EXPECT_EQ(handed_out[i], 1) << "task " << i;
    EXPECT_EQ(tasks[i].has_run, tasks[i].is_resumed()) << "task " << i;
  }
  EXPECT_LT(never_armed, rounds);
}

TYPED_TEST(offload, many_starters_at_once_lose_no_call) {
  engine_stub engine;
  auto pool = this->make(engine, 4);
  constexpr int starters = 3, calls = 1000;
  std::atomic<int> ran{0};
  std::vector<std::deque<waiting_task>> tasks(starters);
  for (auto& own : tasks) {
    for (int i = 0; i < calls; ++i) own.emplace_back([&] { ++ran; });
  }
  std::vector<std::thread> threads;
  for (auto& own : tasks) {
    threads.emplace_back([&] {
      for (waiting_task& task : own) EXPECT_EQ(await(*pool, task), start_outcome::started);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(engine.wait_for(starters * calls));
  EXPECT_EQ(ran, starters * calls);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
