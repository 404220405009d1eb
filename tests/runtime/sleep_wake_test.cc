// How many are woken for how much work, and that an idle runtime wakes up no more: on counters.
// docs/protocols/sleep_wake.md has the protocol.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/chaos.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"
#include "weft/rt/scheduler/idle.h"
#include "weft/rt/scheduler/sentinel.h"
#include "weft/rt/scheduler/worker.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using post = idle::post;

// Worker 0 is stepped by hand; the others are puppets: the test parks them and says when they search.
struct four_workers : testing::Test {
  four_workers() : bench(4), entered(bench.workers[0]->current()), jobs(8) {}

  void let_the_others_sleep() {
    EXPECT_EQ(bench.place.sleepers.park(1, false), post::sentinel);
    EXPECT_EQ(bench.place.sleepers.park(2, false), post::sleeper);
    EXPECT_EQ(bench.place.sleepers.park(3, false), post::sleeper);
  }
  void publish_all() {
    for (counting_job& each : jobs) bench.publish(each);
  }
  // While worker 0 sleeps, which it does when the others do.
  void when_it_sleeps(std::function<void()> act) {
    bench.backends[0]->before_wait = [act = std::move(act), is_done = false](std::int64_t timeout_ns,
                                                                             job_list&) mutable {
      if (timeout_ns == 0 || std::exchange(is_done, true)) return;
      act();
    };
    EXPECT_TRUE(bench.workers[0]->step());
  }
  // The same after a quiet round of its own: it parks first, so it was the sentinel.
  void when_all_are_off_duty(std::function<void()> act) {
    bench.backends[0]->before_wait = [this, act = std::move(act), stage = 0](std::int64_t timeout_ns,
                                                                             job_list&) mutable {
      if (timeout_ns > 0 && stage == 0) {
        stage = 1;
        for (const std::size_t each : {1u, 2u, 3u}) {
          EXPECT_EQ(bench.place.sleepers.park(each, false), post::sleeper);
        }
      } else if (timeout_ns < 0 && stage == 1) {
        stage = 2;
        act();
      }
    };
    EXPECT_TRUE(bench.workers[0]->step());
  }
  void run_all() {
    for (std::size_t i = 0; i < jobs.size(); ++i) EXPECT_TRUE(bench.workers[0]->step());
    for (counting_job& each : jobs) EXPECT_EQ(each.times(), 1);
  }

  const test::calm steps_by_hand;
  workbench bench;
  turn_guard entered;
  std::vector<counting_job> jobs;
};

TEST_F(four_workers, a_burst_from_outside_wakes_one_however_many_jobs_it_has) {
  let_the_others_sleep();
  when_it_sleeps([&] { publish_all(); });
  EXPECT_EQ(bench.wakes(), 1);
  EXPECT_EQ(bench.backends[0]->wakes, 1) << "the last to park is the first to wake";
  run_all();
}

TEST_F(four_workers, who_is_woken_for_a_burst_wakes_one_more_who_will_wake_the_next) {
  let_the_others_sleep();
  when_it_sleeps([&] { publish_all(); });
  EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(bench.wakes(), 2);
  EXPECT_EQ(bench.backends[3]->wakes, 1);
  // Number 3 finds a job, and there is more.
  EXPECT_TRUE(bench.place.sleepers.unpark(3).was_taken);
  EXPECT_TRUE(bench.place.sleepers.stop_searching()) << "so it is the last searcher, and wakes the next";
  bench.place.wake_one();
  EXPECT_EQ(bench.backends[2]->wakes, 1);
  EXPECT_EQ(bench.wakes(), 3);
  for (std::size_t i = 1; i < jobs.size(); ++i) EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(bench.wakes(), 3) << "number 2 searches: nobody is woken meanwhile";
}

TEST_F(four_workers, a_burst_after_all_were_off_duty_wakes_no_more_than_one_by_each) {
  when_all_are_off_duty([&] { publish_all(); });
  EXPECT_EQ(bench.wakes(), 1);
  EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(bench.wakes(), 2) << "one, for the next job and for the duty";
  EXPECT_TRUE(bench.place.sleepers.unpark(3).is_unattended) << "the duty is its now";
  for (std::size_t i = 1; i < jobs.size(); ++i) EXPECT_TRUE(bench.workers[0]->step());
}

TEST_F(four_workers, of_a_trickle_each_job_wakes_one) {
  let_the_others_sleep();
  for (int i = 1; i <= 5; ++i) {
    when_it_sleeps([&] { bench.publish(jobs[0]); });
    EXPECT_TRUE(bench.workers[0]->step());
    EXPECT_EQ(jobs[0].times(), i);
    EXPECT_EQ(bench.wakes(), i);
  }
  EXPECT_EQ(bench.backends[0]->wakes, 5);
}

TEST_F(four_workers,
       a_single_job_after_all_were_off_duty_wakes_one_for_it_and_nobody_for_duty_if_it_is_short) {
  when_all_are_off_duty([&] { bench.publish(jobs[0]); });
  EXPECT_EQ(bench.wakes(), 1);
  EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(jobs[0].times(), 1);
  EXPECT_EQ(bench.backends[3]->alarms, 1) << "it will be woken if the job is long";
  EXPECT_EQ(bench.backends[3]->alarms_taken_back, 0);
  when_it_sleeps([&] {
    EXPECT_EQ(bench.backends[3]->alarms_taken_back, 1);
    bench.publish(jobs[1]);
  });
  EXPECT_EQ(bench.backends[3]->wakes, 0);
  EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(jobs[1].times(), 1);
}

TEST_F(four_workers, who_is_woken_again_and_again_lets_the_alarm_ring_and_sets_no_other) {
  watched_backend& sleeper = *bench.backends[3];
  sleeper.stands_at_ns = sleeper.now_ns();
  when_all_are_off_duty([&] { bench.publish(jobs[0]); });
  const auto run_one_and_sleep = [&](int taken_back, counting_job& next) {
    EXPECT_TRUE(bench.workers[0]->step());
    when_it_sleeps([&, taken_back] {
      EXPECT_EQ(sleeper.alarms_taken_back, taken_back);
      bench.publish(next);
    });
  };
  run_one_and_sleep(1, jobs[1]);
  run_one_and_sleep(1, jobs[2]);
  EXPECT_EQ(sleeper.alarms, 2);
  run_one_and_sleep(1, jobs[3]);
  EXPECT_EQ(sleeper.alarms, 2) << "it has not rung yet";
  sleeper.stands_at_ns += 1'000'000'000;
  run_one_and_sleep(2, jobs[4]);
  EXPECT_EQ(sleeper.alarms, 3);
  EXPECT_TRUE(bench.workers[0]->step());
  EXPECT_EQ(jobs[4].times(), 1);
}

TEST_F(four_workers, wake_nobody_while_somebody_searches) {
  let_the_others_sleep();
  EXPECT_TRUE(bench.place.sleepers.start_searching());
  publish_all();
  EXPECT_EQ(bench.wakes(), 0);
  EXPECT_TRUE(bench.place.sleepers.stop_searching());
  bench.place.wake_one();
  EXPECT_EQ(bench.wakes(), 1);
  run_all();
}

// --- idle

TEST(idle_runtime, the_last_sentinel_has_one_quiet_round_of_full_length_and_then_no_limit) {
  const test::calm steps_by_hand;
  workbench bench(2);
  const turn_guard entered(bench.workers[0]->current());
  std::vector<std::int64_t> limits;
  bench.backends[0]->before_wait = [&](std::int64_t timeout_ns, job_list&) {
    if (timeout_ns > 0) {
      if (limits.empty()) {
        EXPECT_EQ(bench.place.sleepers.park(1, false), post::sleeper);
      }
      limits.push_back(timeout_ns);
    }
    if (timeout_ns < 0) {
      EXPECT_EQ(bench.place.sleepers.posture_of(0), idle::posture::asleep);
      bench.backends[0]->wake();
    }
  };
  EXPECT_TRUE(bench.workers[0]->step());
  ASSERT_EQ(limits.size(), 8u) << "each twice as long as the one before";
  EXPECT_EQ(limits.front(), 100'000);
  EXPECT_EQ(limits.back(), sentinel::usual_longest);
  EXPECT_EQ(bench.backends[0]->endless_waits, 1);
}

// An endless wait is ended by an event, a wake-up or nothing: so where all are in one, and no timer runs, none follows.
TEST(idle_runtime, of_any_size_comes_to_sleep_without_a_limit_after_each_piece_of_work) {
  for (const std::size_t workers : {1u, 2u, 3u, 5u}) {
    workbench bench(workers);
    std::vector<counting_job> jobs(20);
    bench.start_all();
    for (int round = 1; round <= 5; ++round) {
      for (counting_job& each : jobs) bench.publish(each);
      for (counting_job& each : jobs) {
        ASSERT_TRUE(test::eventually([&] { return each.times() == round; }));
      }
      ASSERT_TRUE(test::eventually([&] { return bench.all_sleep_without_limit(); })) << workers << " workers";
      for (std::size_t i = 0; i < workers; ++i) {
        if (test::is_chaos) continue;  // one may be awake again, for nothing
        EXPECT_EQ(bench.place.sleepers.posture_of(i), idle::posture::asleep) << "nobody is on duty";
        EXPECT_EQ(bench.place.stations[i]->events.next_deadline(), timer_wheel::never);
      }
    }
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
