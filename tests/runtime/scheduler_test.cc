// Workers on their threads: nothing that is submitted is lost, a long job's reactor is served, and the end comes.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using test::eventually;

struct scheduler_test : testing::Test {
  engine owner{options{.workers = 1}};  // what the tasks of our schedulers would call home
};

TEST_F(scheduler_test, a_scheduler_that_was_never_started_may_go) {
  scheduler never_used(2, owner);
  EXPECT_EQ(never_used.size(), 2u);
}

TEST_F(scheduler_test, closing_with_nothing_to_do_returns_and_closing_twice_does_nothing) {
  scheduler some(2, owner);
  ASSERT_FALSE(some.start("test"));
  some.close();
  some.close();
}

TEST_F(scheduler_test, what_was_submitted_before_the_end_is_run_before_the_end) {
  for (std::size_t workers : {1u, 2u, 3u}) {
    std::vector<counting_job> jobs(1000);
    scheduler some(workers, owner);
    ASSERT_FALSE(some.start("test"));
    job_list half;
    for (std::size_t i = 0; i < 500; ++i) half.push_back(jobs[i]);
    some.submit(half);
    for (std::size_t i = 500; i < 1000; ++i) some.submit(jobs[i]);
    some.close();
    for (counting_job& each : jobs) ASSERT_EQ(each.times(), 1) << workers << " workers";
  }
}

TEST_F(scheduler_test, many_starts_and_ends_with_and_without_work_all_come_to_an_end) {
  const std::size_t rounds = test::scaled(300);
  for (std::size_t i = 0; i < rounds; ++i) {
    counting_job only;
    scheduler some(1 + i % 3, owner);
    ASSERT_FALSE(some.start("test"));
    if (i % 2 == 0) some.submit(only);
    some.close();
    ASSERT_EQ(only.times(), i % 2 == 0 ? 1 : 0) << "round " << i;
  }
}

TEST_F(scheduler_test, a_worker_knows_its_own_scheduler_and_no_other) {
  scheduler one(1, owner), two(1, owner);
  ASSERT_FALSE(one.start("one"));
  ASSERT_FALSE(two.start("two"));
  std::atomic<int> answers{-1};
  std::atomic<bool> has_own_reactor{false};
  function_job asks([&](turn& now) {
    has_own_reactor = &one.own_reactor() == &now.self->events() && now.home == &owner;
    answers = (one.is_on_worker() ? 1 : 0) + (two.is_on_worker() ? 2 : 0);
  });
  one.submit(asks);
  EXPECT_TRUE(eventually([&] { return answers >= 0; }));
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(has_own_reactor);
  EXPECT_FALSE(one.is_on_worker());
}

TEST_F(scheduler_test, reactors_are_dealt_round) {
  scheduler some(3, owner);
  ASSERT_FALSE(some.start("test"));
  std::set<reactor*> first, second;
  for (int i = 0; i < 3; ++i) first.insert(&some.next_reactor());
  for (int i = 0; i < 3; ++i) second.insert(&some.own_reactor());
  EXPECT_EQ(first.size(), 3u);
  EXPECT_EQ(second, first);
}

TEST_F(scheduler_test, a_job_submitted_from_outside_is_run_however_deep_the_workers_sleep) {
  for (std::size_t workers : {1u, 2u, 3u}) {
    scheduler some(workers, owner);
    ASSERT_FALSE(some.start("test"));
    counting_job job;
    const int rounds = static_cast<int>(test::scaled(2000));
    for (int i = 1; i <= rounds; ++i) {
      some.submit(job);
      ASSERT_TRUE(eventually([&] { return job.times() == i; })) << workers << " workers, round " << i;
    }
  }
}

TEST_F(scheduler_test, forked_children_that_are_offered_run_while_their_parent_keeps_its_worker) {
  scheduler some(2, owner);
  ASSERT_FALSE(some.start("test"));
  counting_job children[2];
  std::atomic<bool> is_over{false}, were_run{false};
  function_job parent([&](turn&) {
    for (job& each : children) some.fork(each);
    some.offer_forked();
    were_run = eventually([&] { return children[0].times() == 1 && children[1].times() == 1; });
    is_over = true;
  });
  some.submit(parent);
  EXPECT_TRUE(eventually([&] { return is_over.load(); }));  // a worker without work leaves once we close
  some.close();
  EXPECT_TRUE(were_run);
}

TEST_F(scheduler_test, jobs_that_keep_their_workers_get_a_worker_each) {
  constexpr std::size_t workers = 4;
  scheduler some(workers, owner);
  ASSERT_FALSE(some.start("test"));
  test::meeting all(workers);
  std::vector<function_job> jobs;
  jobs.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) jobs.emplace_back([&](turn&) { EXPECT_TRUE(all.attend()); });
  job_list ready;
  for (job& each : jobs) ready.push_back(each);
  some.submit(ready);
  some.close();
  EXPECT_EQ(all.threads(), workers);
}

TEST_F(scheduler_test, the_sentinel_serves_the_timers_of_a_worker_in_a_long_job) {
  scheduler some(2, owner);
  ASSERT_FALSE(some.start("test"));
  counting_job event, other;
  job_timer due(event);
  std::atomic<bool> is_over{false};
  std::atomic<int> served{0};
  function_job long_job([&](turn& now) {
    // Something for the other worker, which will sleep after it, as sentinel, because we run.
    some.submit(other);
    EXPECT_TRUE(eventually([&] { return other.times() == 1; }));
    reactor& own = now.self->events();
    for (int i = 1; i <= 3; ++i) {
      due.prepare(own.timers(), own.now_ns());
      EXPECT_NE(own.insert(due), timer_inserted::refused);
      if (!eventually([&] { return event.times() == i; })) break;
      ++served;
    }
    is_over = true;
  });
  some.submit(long_job);
  EXPECT_TRUE(eventually([&] { return is_over.load(); }));
  some.close();
  EXPECT_EQ(served, 3);
}

// Sleeps without limits, the sentinel's too: what only a back-stop would find hangs here.
class scheduler_hunt : public testing::TestWithParam<std::uint64_t> {};

TEST_P(scheduler_hunt, no_wake_up_is_lost_between_submitting_threads_and_parking_workers) {
  for (std::size_t workers : {1u, 2u, 4u}) {
    workbench bench(workers);
    for (watched_backend* each : bench.backends) each->never_by_time = true;
    bench.start_all();
    constexpr std::size_t publishers = 2;
    const int rounds = static_cast<int>(test::scaled(1500));
    std::array<counting_job, publishers> jobs;
    std::array<counting_job, publishers> followers;
    std::vector<std::unique_ptr<function_job>> leaders;
    for (std::size_t i = 0; i < publishers; ++i) {
      leaders.push_back(
          std::make_unique<function_job>([&, i](turn& now) { now.later.push_back(followers[i]); }));
    }
    std::vector<std::thread> outside;
    for (std::size_t self = 0; self < publishers; ++self) {
      outside.emplace_back([&, self] {
        rng random(GetParam() * 8 + self);
        for (int i = 1; i <= rounds; ++i) {
          for (std::uint32_t spin = random.below(400); spin > 0; --spin) spin_pause();
          bench.publish(*leaders[self]);
          bench.publish(jobs[self]);
          if (eventually([&] { return jobs[self].times() == i && followers[self].times() == i; })) continue;
          ADD_FAILURE() << "lost: seed " << GetParam() << ", " << workers << " workers, round " << i;
          return;
        }
      });
    }
    for (std::thread& each : outside) each.join();
    bench.close();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, scheduler_hunt, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
