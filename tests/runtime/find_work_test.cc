// Where a worker looks for its next job, in which order, and how long anything can be kept waiting.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/find_work.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/jobs.h"
#include "tests/support/workbench.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

struct find_work_test : testing::Test {
  explicit find_work_test(std::size_t workers = 3) : stations(make_stations(workers)) {}

  station_list make_stations(std::size_t workers) {
    station_list made;
    for (std::size_t i = 0; i < workers; ++i) {
      auto io = std::make_unique<watched_backend>();
      backends.push_back(io.get());
      made.push_back(std::make_unique<station>(std::move(io)));
    }
    return made;
  }
  void make_ready(std::size_t at, job& ready) {
    job_list overflow;
    stations[at]->ready.push_or_overflow(ready, overflow);
    EXPECT_TRUE(overflow.empty());
  }
  void due_now(std::size_t at, timer& due) {
    reactor& events = stations[at]->events;
    due.prepare(events.timers(), events.now_ns() - 1'000'000);
    EXPECT_NE(events.insert(due), timer_inserted::refused);
  }

  std::vector<watched_backend*> backends;
  station_list stations;
  shared_queue shared{1};
  find_work finder{0, stations, shared};
};

TEST_F(find_work_test, forked_children_come_first_then_ready_tasks_then_shared_then_the_reactor) {
  counting_job forked, ready, injected, event;
  job_timer due(event);
  due_now(0, due);
  shared.push(injected);
  make_ready(0, ready);
  stations[0]->forks.push(forked);
  EXPECT_EQ(finder.next(), &forked);
  EXPECT_EQ(finder.next(), &ready);
  EXPECT_EQ(finder.next(), &injected);
  EXPECT_EQ(finder.next(), &event);
  EXPECT_EQ(finder.next(), nullptr);
}

TEST_F(find_work_test, next_takes_nothing_from_a_neighbour) {
  counting_job forked, ready;
  stations[1]->forks.push(forked);
  make_ready(2, ready);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(finder.next(), nullptr);
  EXPECT_EQ(backends[1]->looks + backends[2]->looks, 0);
  EXPECT_NE(stations[1]->forks.pop(), nullptr);
  EXPECT_NE(stations[2]->ready.pop(), nullptr);
}

TEST_F(find_work_test, a_worker_that_forks_without_end_reaches_the_shared_queue_within_61_turns) {
  counting_job child;
  for (int trial = 0; trial < 5; ++trial) {
    counting_job injected;
    shared.push(injected);
    int turns = 0;
    for (job* next = nullptr; next != &injected; ++turns) {
      ASSERT_LT(turns, 61);
      stations[0]->forks.push(child);
      next = finder.next();
      EXPECT_EQ(next == &injected ? stations[0]->forks.pop() : next, &child);
    }
  }
}

TEST_F(find_work_test, a_worker_that_forks_without_end_reaches_its_ready_tasks_within_14_turns) {
  // Every 7th turn; the one that falls together with the shared queue's is lost to it.
  counting_job child, injected;
  for (int trial = 0; trial < 300; ++trial) {
    counting_job ready;
    make_ready(0, ready);
    int turns = 0;
    for (job* next = nullptr; next != &ready; ++turns) {
      ASSERT_LT(turns, 14) << "trial " << trial;
      if (shared.empty()) shared.push(injected);
      stations[0]->forks.push(child);
      next = finder.next();
      EXPECT_EQ(next != &child ? stations[0]->forks.pop() : next, &child);
    }
  }
  while (shared.pop(0) != nullptr) {
  }
}

TEST_F(find_work_test, a_worker_that_feeds_itself_reaches_its_reactor_within_61_turns) {
  counting_job again;
  for (int trial = 0; trial < 5; ++trial) {
    const int before = backends[0]->looks;
    int turns = 0;
    for (; backends[0]->looks == before; ++turns) {
      ASSERT_LT(turns, 61);
      make_ready(0, again);
      EXPECT_EQ(finder.next(), &again);
    }
  }
}

TEST_F(find_work_test, a_flood_of_injected_jobs_does_not_keep_a_worker_from_its_reactor) {
  counting_job event;
  std::vector<counting_job> flood(1000);
  for (job& each : flood) shared.push(each);
  job_timer due(event);
  due_now(0, due);
  bool is_served = false;
  for (int turns = 0; turns < 500 && !is_served; ++turns) is_served = finder.next() == &event;
  EXPECT_TRUE(is_served) << "the timer waits until the whole flood has been run";
  while (finder.next() != nullptr) {
  }
}

TEST_F(find_work_test, a_thief_takes_an_old_child_before_a_ready_task) {
  std::array<counting_job, 2> forked;
  counting_job ready;
  for (job& each : forked) stations[1]->forks.push(each);
  make_ready(1, ready);
  EXPECT_EQ(finder.steal(), &forked[0]);
  EXPECT_EQ(finder.steal(), &forked[1]);
  EXPECT_EQ(finder.steal(), &ready);
  EXPECT_EQ(finder.steal(), nullptr);
}

TEST_F(find_work_test, a_thief_takes_half_of_the_ready_tasks_and_runs_the_oldest) {
  std::array<counting_job, 6> ready;
  for (job& each : ready) make_ready(2, each);
  EXPECT_EQ(finder.steal(), &ready[0]);
  EXPECT_EQ(finder.next(), &ready[1]);
  EXPECT_EQ(finder.next(), &ready[2]);
  EXPECT_EQ(finder.next(), nullptr);
  EXPECT_EQ(stations[2]->ready.pop(), &ready[3]);
  while (stations[2]->ready.pop() != nullptr) {
  }
}

TEST_F(find_work_test, a_thief_finds_what_any_neighbour_has_in_one_round) {
  for (std::size_t at : {1u, 2u}) {
    for (int trial = 0; trial < 50; ++trial) {
      counting_job only;
      stations[at]->forks.push(only);
      ASSERT_EQ(finder.steal(), &only) << "worker " << at;
    }
  }
}

TEST_F(find_work_test, a_thief_starts_at_every_neighbour_now_and_then) {
  std::set<job*> first;
  counting_job one, two;
  for (int trial = 0; trial < 64; ++trial) {
    stations[1]->forks.push(one);
    stations[2]->forks.push(two);
    first.insert(finder.steal());
    EXPECT_NE(finder.steal(), nullptr);
  }
  EXPECT_EQ(first.size(), 2u) << "victims are not chosen at random";
}

TEST_F(find_work_test, a_thief_that_finds_no_neighbours_work_looks_at_the_shared_queue) {
  counting_job injected;
  shared.push(injected);
  EXPECT_EQ(finder.steal(), &injected);
}

TEST_F(find_work_test, a_turn_is_passed_to_the_job_that_is_next_and_to_no_other) {
  counting_job awaited, other;
  EXPECT_FALSE(finder.pass_turn_to(awaited)) << "it is nowhere";
  finder.enqueue(awaited);
  EXPECT_TRUE(finder.pass_turn_to(awaited));
  EXPECT_EQ(finder.next(), nullptr);

  finder.enqueue(other);
  finder.enqueue(awaited);
  EXPECT_FALSE(finder.pass_turn_to(awaited)) << "another ready task is older";
  EXPECT_EQ(finder.next(), &other);
  stations[0]->forks.push(other);
  EXPECT_FALSE(finder.pass_turn_to(awaited)) << "children go first";
  EXPECT_EQ(finder.next(), &other);
  EXPECT_TRUE(finder.put_next(other));
  EXPECT_FALSE(finder.pass_turn_to(awaited)) << "what was made ready by the job that ends goes first";
  EXPECT_EQ(finder.next(), &other);
  EXPECT_TRUE(finder.pass_turn_to(awaited));
}

TEST_F(find_work_test, turns_that_are_passed_on_leave_out_those_in_which_a_look_at_the_others_is_due) {
  counting_job awaited;
  int passed = 0;
  for (int turns = 0; turns < 610; ++turns) {
    finder.enqueue(awaited);
    if (finder.pass_turn_to(awaited)) {
      ++passed;
    } else {
      EXPECT_EQ(finder.next(), &awaited);
    }
  }
  EXPECT_EQ(passed, 600) << "all but each 61st";
}

TEST_F(find_work_test, any_queue_that_holds_a_job_counts_as_work_left) {
  EXPECT_FALSE(finder.is_any_left());
  counting_job one;
  shared.push(one);
  EXPECT_TRUE(finder.is_any_left());
  EXPECT_EQ(shared.pop(0), &one);
  for (auto& each : stations) {
    each->forks.push(one);
    EXPECT_TRUE(finder.is_any_left());
    EXPECT_EQ(each->forks.pop(), &one);
    job_list overflow;
    each->ready.push_or_overflow(one, overflow);
    EXPECT_TRUE(finder.is_any_left());
    EXPECT_EQ(each->ready.pop(), &one);
  }
  EXPECT_FALSE(finder.is_any_left());
}

TEST_F(find_work_test, what_does_not_fit_the_own_queue_reaches_the_others_and_nothing_is_lost) {
  std::vector<counting_job> jobs(3 * run_queue::capacity);
  job_list all;
  for (job& each : jobs) all.push_back(each);
  finder.enqueue(all);
  EXPECT_FALSE(shared.empty());
  turn now;
  while (job* next = finder.next()) next->run(*next, now);
  for (counting_job& each : jobs) ASSERT_EQ(each.times(), 1);
}

TEST_F(find_work_test, what_is_due_at_a_neighbours_reactor_comes_to_our_own_queue) {
  counting_job event;
  job_timer due(event);
  due_now(2, due);
  EXPECT_FALSE(finder.harvest_own());
  EXPECT_TRUE(finder.harvest_neighbours());
  EXPECT_EQ(finder.next(), &event);
  EXPECT_FALSE(finder.harvest_neighbours());
}

TEST_F(find_work_test, a_reactor_whose_owner_sits_in_it_is_left_alone) {
  counting_job event;
  job_timer due(event);
  due_now(1, due);
  ASSERT_TRUE(stations[1]->events.try_sit());
  EXPECT_FALSE(finder.harvest_neighbours());
  EXPECT_EQ(backends[1]->looks, 0);
  stations[1]->events.stand_up();
  EXPECT_TRUE(finder.harvest_neighbours());
  EXPECT_EQ(finder.next(), &event);
}

struct find_work_alone : find_work_test {
  find_work_alone() : find_work_test(1) {}
};

TEST_F(find_work_alone, a_worker_without_neighbours_steals_nothing) {
  counting_job forked;
  stations[0]->forks.push(forked);
  EXPECT_EQ(finder.steal(), nullptr);
  EXPECT_FALSE(finder.harvest_neighbours());
  EXPECT_EQ(finder.next(), &forked);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
