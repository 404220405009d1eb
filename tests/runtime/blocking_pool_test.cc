// How the threads of the blocking pool come and go, and what it does when there are none.

#include "weft/rt/offload/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <system_error>

#include "tests/support/offload_waiter.h"
#include "weft/rt/offload/refusal.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// No thread to be had while `no_threads` is set.
std::atomic<bool> no_threads{false};
std::error_code fail_if_told() noexcept {
  return no_threads.load() ? std::error_code(EAGAIN, std::system_category()) : std::error_code();
}

struct fault_guard {
  fault_guard() { no_threads = true; }
  ~fault_guard() { no_threads = false; }
};

TEST(blocking_pool, without_any_thread_a_call_is_refused_with_the_systems_error) {
  engine_stub engine;
  blocking_pool pool({.thread_fault = &fail_if_told}, engine.sink());
  waiting_task task([] {});
  {
    fault_guard fault;
    ASSERT_EQ(await(pool, task), start_outcome::refused);
  }
  EXPECT_EQ(task.operation.refusal, std::errc::resource_unavailable_try_again);
  EXPECT_TRUE(task.own.finish());
  EXPECT_EQ(pool.counters().queued, 0u);

  waiting_task later([] {});
  ASSERT_EQ(await(pool, later), start_outcome::started) << "the pool recovers with the system";
  EXPECT_TRUE(engine.wait_for(1));
}

TEST(blocking_pool, where_the_system_has_no_more_threads_a_call_waits_for_those_there_are) {
  engine_stub engine;
  blocking_pool pool({.thread_fault = &fail_if_told}, engine.sink());
  gate door;
  waiting_task first([&] { door.pass(); }), second([] {});
  ASSERT_EQ(await(pool, first), start_outcome::started);
  ASSERT_TRUE(door.is_reached());
  fault_guard fault;
  ASSERT_EQ(await(pool, second), start_outcome::started);
  EXPECT_EQ(pool.counters().threads, 1u);
  EXPECT_EQ(pool.counters().queued, 1u);
  door.open();
  EXPECT_TRUE(engine.wait_for(2));
}

TEST(blocking_pool, a_stop_of_a_refused_call_leaves_the_resumption_to_whoever_comes_last) {
  engine_stub engine;
  blocking_pool pool({.thread_fault = &fail_if_told}, engine.sink());
  waiting_task task([] {});
  fault_guard fault;
  ASSERT_EQ(await(pool, task), start_outcome::refused);
  EXPECT_EQ(stop(task), 0);
  EXPECT_TRUE(task.own.finish());
}

TEST(blocking_pool, threads_without_work_go_and_come_again) {
  engine_stub engine;
  blocking_pool pool({.keep_alive = std::chrono::milliseconds(1)}, engine.sink());
  for (std::size_t round = 1; round <= 5; ++round) {
    waiting_task task([] {}), other([] {});
    ASSERT_EQ(await(pool, task), start_outcome::started);
    ASSERT_EQ(await(pool, other), start_outcome::started);
    ASSERT_TRUE(engine.wait_for(2 * round));
    EXPECT_TRUE(eventually([&] { return pool.counters().threads == 0; }));
  }
}

TEST(blocking_pool, calls_that_meet_leaving_threads_are_not_lost) {
  engine_stub engine;
  blocking_pool pool({.max_threads = 2, .keep_alive = std::chrono::milliseconds(0)}, engine.sink());
  constexpr std::size_t calls = 2000;
  std::deque<waiting_task> tasks;
  for (std::size_t i = 1; i <= calls; ++i) {
    ASSERT_EQ(await(pool, tasks.emplace_back([] {})), start_outcome::started);
    ASSERT_TRUE(engine.wait_for(i));
  }
}

TEST(blocking_pool, a_keep_alive_without_end_does_not_overflow) {
  engine_stub engine;
  blocking_pool pool({.keep_alive = std::chrono::milliseconds::max()}, engine.sink());
  waiting_task task([] {}), other([] {});
  ASSERT_EQ(await(pool, task), start_outcome::started);
  ASSERT_TRUE(eventually([&] { return pool.counters().ended == 1; }));
  ASSERT_EQ(await(pool, other), start_outcome::started);
  ASSERT_TRUE(eventually([&] { return pool.counters().ended == 2; }));
  EXPECT_EQ(pool.counters().threads, 1u);
}

TEST(blocking_pool, a_bounded_queue_refuses_the_call_that_does_not_fit) {
  engine_stub engine;
  blocking_pool pool({.max_threads = 1, .max_queued = 1}, engine.sink());
  gate door;
  waiting_task running([&] { door.pass(); }), queued([] {}), refused([] {});
  ASSERT_EQ(await(pool, running), start_outcome::started);
  ASSERT_EQ(await(pool, queued), start_outcome::started)
      << "fits, even before the thread has taken the first";
  ASSERT_EQ(await(pool, refused), start_outcome::refused);
  EXPECT_EQ(refused.operation.refusal, offload_refusal::queue_full);
  EXPECT_EQ(refused.operation.refusal, std::errc::resource_unavailable_try_again);
  door.open();
  EXPECT_TRUE(engine.wait_for(2));
}

TEST(blocking_pool, nested_blocking_at_the_cap_is_seen_in_the_counters) {
  engine_stub engine;
  blocking_pool pool({.max_threads = 1}, engine.sink());
  gate inner_done;
  waiting_task outer([&] { inner_done.pass(); }), inner([&] { inner_done.open(); });
  ASSERT_EQ(await(pool, outer), start_outcome::started);
  ASSERT_TRUE(inner_done.is_reached());
  ASSERT_EQ(await(pool, inner), start_outcome::started);
  const crew_counters seen = pool.counters();
  EXPECT_EQ(seen.threads, 1u);
  EXPECT_EQ(seen.idle, 0u);
  EXPECT_EQ(seen.queued, 1u);
  EXPECT_EQ(seen.ended, 0u);
  inner_done.open();  // or it would wait for ever
  EXPECT_TRUE(engine.wait_for(2));
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
