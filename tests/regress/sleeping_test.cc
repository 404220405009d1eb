// Workers that slept although somebody was needed: as sentinel, for harvested jobs, or for the end.
//
// The sentinel's rounds have no limit where a test says never_by_time: what only a later round would find
// then hangs, and the bound of the wait reports it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/scheduler/scheduler.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using test::eventually;

// A timer was late by the length of the job: all had gone off duty, and the worker that was woken from
// outside had nobody stand in.
TEST(sleeping_regress, a_worker_woken_from_outside_has_a_sentinel_serve_its_timers_while_it_is_busy) {
  for (std::size_t workers : {2u, 3u}) {
    workbench bench(workers);
    bench.start_all();
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(eventually([&] { return bench.all_sleep_without_limit(); }));
      counting_job event;
      job_timer due(event);
      std::atomic<int> served{-1};
      function_job long_job([&](turn& now) {
        reactor& own = now.self->events();
        due.prepare(own.timers(), own.now_ns() + 1'000'000);
        EXPECT_NE(own.insert(due), timer_inserted::refused);
        // It keeps its worker: only another one can serve the timer.
        served = eventually([&] { return event.times() == 1; }) ? 1 : 0;
      });
      bench.publish(long_job);
      EXPECT_TRUE(eventually([&] { return served >= 0 && event.times() == 1; }));
      EXPECT_EQ(served, 1) << "round " << round << ", " << workers << " workers";
    }
  }
}

// The second of two timers waited for the job of the first.
TEST(sleeping_regress, of_two_jobs_harvested_at_once_another_worker_gets_the_second) {
  test::meeting both(2);
  std::atomic<int> attended{0};
  std::atomic<int> missed{0};
  function_job one([&](turn&) { ++(both.attend() ? attended : missed); });
  function_job two([&](turn&) { ++(both.attend() ? attended : missed); });
  job_timer first(one);
  job_timer second(two);
  function_job arms([&](turn& now) {
    reactor& own = now.self->events();
    const std::int64_t at = own.now_ns() + 10'000'000;
    first.prepare(own.timers(), at);
    second.prepare(own.timers(), at);
    EXPECT_NE(own.insert(first), timer_inserted::refused);
    EXPECT_NE(own.insert(second), timer_inserted::refused);
  });
  workbench bench(2);
  // The first to sleep is sentinel, and its round has no end; the other one is woken first.
  bench.backends[1]->never_by_time = true;
  bench.start(1);
  ASSERT_TRUE(eventually([&] { return bench.backends[1]->is_in_endless_wait.load(); }));
  bench.start(0);
  ASSERT_TRUE(eventually([&] { return bench.all_sleep_without_limit(); }));
  bench.publish(arms);
  EXPECT_TRUE(eventually([&] { return attended + missed == 2; }));
  EXPECT_EQ(missed, 0) << "the second job was hidden in the queue of a busy worker";
}

// The wake-up and the end of the round came together; the sentinel saw the end of the round, and slept on.
TEST(sleeping_regress, a_sentinel_whose_round_ends_with_the_wake_up_that_closes_leaves) {
  workbench bench(2);
  const turn_guard entered(bench.workers[0]->current());
  bool was_closed = false;
  int waits_after_the_end = 0;
  counting_job rescue;
  bench.backends[0]->before_wait = [&](std::int64_t timeout, job_list& ready) {
    if (timeout == 0) return;
    if (was_closed) {
      ++waits_after_the_end;
      ready.push_back(rescue);  // it would wait for ever
      return;
    }
    // The first round of the sentinel's.
    EXPECT_GT(timeout, 0);
    EXPECT_EQ(bench.place.sleepers.park(1, false), idle::post::sleeper);
    was_closed = true;
    bench.place.is_closing.store(true, std::memory_order_release);
    bench.workers[0]->events().wake();
    const std::int64_t over = os::now_ns() + 2 * timeout;
    EXPECT_TRUE(eventually([&] { return os::now_ns() > over; }));
  };
  // The end came during the step: it looks once more, and leaves.
  while (bench.workers[0]->step()) {
  }
  EXPECT_TRUE(was_closed);
  EXPECT_EQ(waits_after_the_end, 0);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
