// What a worker counts, step by step: exact, where only one order is possible. SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/counters.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/chaos.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Worker 0 is stepped on the test's thread; the others do nothing.
struct counters_test : testing::Test {
  explicit counters_test(std::size_t count = 2) : bench(count), entered(bench.workers[0]->current()) {}

  bool step() { return bench.workers[0]->step(); }
  [[nodiscard]] worker_counters& counts() { return bench.place.stations[0]->counts; }
  // All that is counted of a worker: equal before and after, if nothing moved.
  [[nodiscard]] std::vector<std::uint64_t> all_of(std::size_t index) {
    const worker_counters& its = bench.place.stations[index]->counts;
    return {its.jobs.read(),
            its.spawns.read(),
            its.steals.read(),
            its.failed_steals.read(),
            its.parks.read(),
            its.wakes.read(),
            its.wakes_for_forks.read(),
            its.overflowed.read(),
            its.neighbours_harvested.read(),
            bench.workers[index]->current().forked.read(),
            polls(index)};
  }
  [[nodiscard]] std::uint64_t polls(std::size_t index) { return bench.place.stations[index]->events.polls(); }
  // The same, as the backend saw it.
  [[nodiscard]] std::uint64_t waits(std::size_t index) {
    const watched_backend& its = *bench.backends[index];
    return static_cast<std::uint64_t>(its.looks + its.limited_waits + its.endless_waits);
  }
  void let_neighbour_sleep() { EXPECT_EQ(bench.place.sleepers.park(1, false), idle::post::sentinel); }
  // The next sleep without a limit ends by this job's arrival.
  void publish_when_asleep(job& late) {
    bench.backends[0]->before_wait = [this, &late, is_done = false](std::int64_t timeout, job_list&) mutable {
      if (timeout == 0 || is_done) return;
      is_done = true;
      bench.publish(late);
    };
  }

  const test::calm steps_by_hand;
  workbench bench;
  turn_guard entered;
};

struct counters_alone : counters_test {
  counters_alone() : counters_test(1) {}
};

struct counters_of_three : counters_test {
  counters_of_three() : counters_test(3) {}
};

TEST_F(counters_alone, each_job_that_is_run_counts_once_and_before_it_runs) {
  std::uint64_t seen = 0;
  function_job one([&](turn&) { seen = counts().jobs.read(); });
  for (std::uint64_t i = 1; i <= 3; ++i) {
    bench.place.shared.push(one);
    EXPECT_TRUE(step());
    EXPECT_EQ(seen, i);
  }
  EXPECT_EQ(counts().jobs.read(), 3u);
}

TEST_F(counters_alone, a_sleep_that_a_job_ends_is_one_park_and_looks_that_find_nothing_are_none) {
  counting_job late;
  publish_when_asleep(late);
  EXPECT_TRUE(step());
  EXPECT_EQ(counts().parks.read(), 1u);
  EXPECT_EQ(counts().jobs.read(), 0u);
  EXPECT_TRUE(step());
  EXPECT_EQ(counts().parks.read(), 1u);
  EXPECT_EQ(counts().jobs.read(), 1u);
  EXPECT_EQ(counts().failed_steals.read(), 0u) << "there is nobody to steal from";
}

TEST_F(counters_test, every_question_to_the_kernel_is_a_poll_of_the_reactor_that_was_asked) {
  counting_job again, late;
  for (int i = 0; i < 500; ++i) {
    bench.place.shared.push(again);
    EXPECT_TRUE(step());
  }
  publish_when_asleep(late);
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_GT(polls(0), 0u);
  EXPECT_EQ(polls(0), waits(0));
  EXPECT_GT(polls(1), 0u) << "a worker without work looks in on its neighbour";
  EXPECT_EQ(polls(1), waits(1));
}

TEST_F(counters_test, a_forked_child_of_a_neighbour_is_one_steal) {
  counting_job child;
  bench.place.stations[1]->forks.push(child);
  EXPECT_TRUE(step());
  EXPECT_EQ(child.times(), 1);
  EXPECT_EQ(counts().steals.read(), 1u);
  EXPECT_EQ(counts().failed_steals.read(), 0u);
}

TEST_F(counters_test, half_of_a_neighbours_ready_tasks_are_one_steal) {
  std::vector<counting_job> ready(10);
  job_list overflow;
  for (job& each : ready) bench.place.stations[1]->ready.push_or_overflow(each, overflow);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(step());
  EXPECT_EQ(counts().steals.read(), 1u);
  while (bench.place.stations[1]->ready.pop() != nullptr) {
  }
}

TEST_F(counters_test, a_look_at_neighbours_who_have_nothing_is_a_failed_steal) {
  counting_job late;
  publish_when_asleep(late);
  EXPECT_TRUE(step());
  EXPECT_GT(counts().failed_steals.read(), 0u);
  EXPECT_EQ(counts().steals.read(), 0u);
  const std::uint64_t before = counts().failed_steals.read();
  EXPECT_TRUE(step()) << "the job comes out of the shared queue, before anybody is looked at";
  EXPECT_EQ(late.times(), 1);
  EXPECT_EQ(counts().failed_steals.read(), before);
}

TEST_F(counters_alone, what_does_not_fit_into_the_own_queue_is_counted_job_by_job) {
  std::vector<counting_job> many(run_queue::capacity + 1);
  for (std::size_t i = 0; i < run_queue::capacity; ++i) bench.workers[0]->submit_last(many[i]);
  EXPECT_EQ(counts().overflowed.read(), 0u);
  bench.workers[0]->submit_last(many.back());
  EXPECT_EQ(counts().overflowed.read(), run_queue::capacity / 2 + 1);
  EXPECT_EQ(counts().overflowed.read(), bench.place.shared.size());
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_TRUE(step());
  for (counting_job& each : many) EXPECT_EQ(each.times(), 1);
}

TEST_F(counters_alone, a_list_that_does_not_fit_counts_the_same) {
  std::vector<counting_job> many(run_queue::capacity + 1);
  job_list all;
  for (job& each : many) all.push_back(each);
  bench.workers[0]->submit_last(all);
  EXPECT_EQ(counts().overflowed.read(), run_queue::capacity / 2 + 1);
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_TRUE(step());
}

TEST_F(counters_test, events_found_at_a_neighbour_count_for_the_finder_and_its_own_do_not) {
  counting_job own_event, their_event;
  job_timer own_due(own_event), their_due(their_event);
  const auto due_now = [this](std::size_t at, timer& due) {
    reactor& events = bench.place.stations[at]->events;
    due.prepare(events.timers(), events.now_ns() - 1'000'000);
    EXPECT_NE(events.insert(due), timer_inserted::refused);
  };
  due_now(0, own_due);
  EXPECT_TRUE(step());
  EXPECT_EQ(own_event.times(), 1);
  EXPECT_EQ(counts().neighbours_harvested.read(), 0u);
  due_now(1, their_due);
  EXPECT_TRUE(step());
  EXPECT_EQ(their_event.times(), 1);
  EXPECT_EQ(counts().neighbours_harvested.read(), 1u);
  EXPECT_EQ(bench.place.stations[1]->counts.neighbours_harvested.read(), 0u);
}

TEST_F(counters_test, jobs_that_a_worker_makes_ready_wake_its_neighbour_and_count_for_the_worker) {
  let_neighbour_sleep();
  counting_job later, latest;
  function_job first([&](turn& now) {
    now.later.push_back(later);
    now.later.push_back(latest);
  });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(bench.wakes(), 1);
  EXPECT_EQ(counts().wakes.read(), 1u);
  EXPECT_EQ(counts().wakes_for_forks.read(), 0u);
  EXPECT_EQ(bench.place.outsiders.wakes.read(), 0u);
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_EQ(counts().wakes.read(), 1u) << "somebody searches already: nobody is woken";
}

TEST_F(counters_test, a_job_from_outside_wakes_and_counts_for_the_outsiders) {
  let_neighbour_sleep();
  counting_job given;
  turn nobodys;
  {
    const turn_guard outside(nobodys);
    bench.publish(given);
  }
  EXPECT_EQ(bench.wakes(), 1);
  EXPECT_EQ(bench.place.outsiders.wakes.read(), 1u);
  EXPECT_EQ(counts().wakes.read(), 0u);
  EXPECT_TRUE(step());
}

TEST_F(counters_test, a_worker_of_another_scheduler_is_an_outsider) {
  workbench others(2);
  EXPECT_EQ(others.place.sleepers.park(1, false), idle::post::sentinel);
  others.place.wake_one();  // on worker 0 of `bench`
  EXPECT_EQ(others.place.outsiders.wakes.read(), 1u);
  EXPECT_EQ(counts().wakes.read(), 0u);
}

TEST_F(counters_of_three, of_workers_that_all_sleep_no_count_moves) {
  bench.start_all();
  ASSERT_TRUE(test::eventually([&] { return bench.all_sleep_without_limit(); }));
  std::vector<std::vector<std::uint64_t>> before;
  for (std::size_t i = 0; i < 3; ++i) {
    before.push_back(all_of(i));
    EXPECT_EQ(counts().jobs.read(), 0u);
    EXPECT_EQ(polls(i), waits(i));
  }
  for (int round = 0; round < 1000; ++round) {
    for (std::size_t i = 0; i < 3; ++i) ASSERT_EQ(all_of(i), before[i]) << "worker " << i;
  }
  EXPECT_EQ(bench.wakes(), 0);
  EXPECT_EQ(bench.place.outsiders.wakes.read(), 0u);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
