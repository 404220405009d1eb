// How long a worker looks at its neighbours before it sleeps: counts, never times.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/spin.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>

#include "tests/support/chaos.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"
#include "weft/rt/base/core_load.h"
#include "weft/rt/work/fork_queue.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr bool alone = true, not_now = false;

// So many searches that may spin and find nothing.
void search_in_vain(spin& own, int times) {
  for (int i = 0; i < times; ++i) {
    static_cast<void>(own.begin(alone));
    own.found_nothing();
  }
}

TEST(spin, begins_with_all_rounds) {
  spin own;
  EXPECT_EQ(own.begin(alone), spin::most_rounds);
}

TEST(spin, that_finds_nothing_is_halved_down_to_one_look) {
  spin own;
  for (const int expected : {12, 6, 3, 1, 1}) {
    EXPECT_EQ(own.begin(alone), expected);
    own.found_nothing();
  }
}

TEST(spin, that_finds_a_job_in_a_later_round_is_doubled) {
  spin own;
  search_in_vain(own, 2);
  EXPECT_EQ(own.begin(alone), 3);
  own.found_in(1);
  EXPECT_EQ(own.begin(alone), 6);
  own.found_in(5);
  EXPECT_EQ(own.begin(alone), spin::most_rounds);
  own.found_in(1);
  EXPECT_EQ(own.begin(alone), spin::most_rounds);
}

TEST(spin, learns_nothing_from_a_job_that_the_first_look_finds) {
  spin own;
  search_in_vain(own, 1);
  EXPECT_EQ(own.begin(alone), 6);
  own.found_in(0);
  EXPECT_EQ(own.begin(alone), 6);
}

TEST(spin, that_has_learned_to_look_once_tries_all_rounds_each_sixteenth_time) {
  spin own;
  search_in_vain(own, 3);
  for (int tries = 0; tries < 3; ++tries) {
    for (std::uint32_t i = 1; i < spin::try_again_every; ++i) {
      ASSERT_EQ(own.begin(alone), 1);
      own.found_nothing();
    }
    ASSERT_EQ(own.begin(alone), spin::most_rounds);
    own.found_nothing();
  }
}

TEST(spin, is_whole_again_after_a_try_that_paid) {
  spin own;
  search_in_vain(own, 3);
  while (own.begin(alone) == 1) own.found_nothing();
  own.found_in(7);
  EXPECT_EQ(own.begin(alone), spin::most_rounds);
}

TEST(spin, is_off_where_it_may_not_be_and_learns_nothing_there) {
  spin own;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(own.begin(not_now), 1);
    own.found_nothing();
  }
  EXPECT_EQ(own.begin(alone), spin::most_rounds);
}

TEST(spin, pauses_twice_as_long_before_each_round) {
  EXPECT_EQ(spin::pauses_before(0), 0);
  EXPECT_EQ(spin::pauses_before(1), 1);
  for (int round = 2; round < spin::most_rounds; ++round) {
    const int before = spin::pauses_before(round - 1);
    EXPECT_EQ(spin::pauses_before(round), before == spin::longest_pause ? before : 2 * before);
  }
}

TEST(core_load, is_crowded_when_workers_and_computing_threads_are_more_than_the_cores) {
  core_load load(2);
  EXPECT_FALSE(load.is_crowded(2));
  EXPECT_TRUE(load.is_crowded(3)) << "a runtime with more workers than cores, most of them awake";
  load.begin();
  EXPECT_TRUE(load.is_crowded(2));
  EXPECT_FALSE(load.is_crowded(1)) << "its neighbour sleeps, so there is a core for it";
  load.end();
  EXPECT_FALSE(load.is_crowded(2));
}

// --- what it costs a busy neighbour

std::atomic<int> fences{0};

TEST(spin, of_a_thief_at_an_empty_queue_makes_no_system_call) {
  fork_queue queue(8, []() noexcept { static_cast<void>(fences.fetch_add(1)); });
  counting_job forked;
  fences = 0;
  EXPECT_EQ(queue.steal(), nullptr);
  queue.push(forked);
  EXPECT_EQ(queue.pop(), &forked);
  EXPECT_EQ(queue.steal(), nullptr);
  EXPECT_EQ(fences, 0);
  queue.push(forked);
  EXPECT_EQ(queue.steal(), &forked);
  EXPECT_EQ(fences, 1);
}

// Worker 0 is stepped by hand and finds nothing; worker 1, if there is one, is said to run a long job.
struct spinning_worker : testing::Test {
  explicit spinning_worker(const core_load* load = nullptr, std::size_t workers = 2)
      : bench(workers, load), entered(bench.workers[0]->current()) {
    // Its sleep ends at once.
    bench.backends[0]->before_wait = [this](std::int64_t timeout_ns, job_list&) {
      if (timeout_ns != 0) bench.backends[0]->wake();
    };
  }
  // How many rounds a search has that finds nothing.
  int rounds_in_vain() {
    EXPECT_TRUE(bench.workers[0]->step());
    return bench.workers[0]->spinning().rounds();
  }

  const test::calm steps_by_hand;
  workbench bench;
  turn_guard entered;
};

struct lone_spinning_worker : spinning_worker {
  lone_spinning_worker() : spinning_worker(nullptr, 1) {}
};

struct core_load_of_two {
  core_load load{2};
};
struct spinning_worker_on_two_cores : core_load_of_two, spinning_worker {
  spinning_worker_on_two_cores() : spinning_worker(&load) {}
};

TEST_F(spinning_worker, that_finds_nothing_spins_less_each_time) {
  for (const int expected : {12, 6, 3, 1, 1}) EXPECT_EQ(rounds_in_vain(), expected);
}

TEST_F(lone_spinning_worker, spins_at_the_shared_queue_and_learns_as_others_do) {
  for (const int expected : {12, 6, 3, 1, 1}) EXPECT_EQ(rounds_in_vain(), expected);
  EXPECT_FALSE(bench.workers[0]->is_searching()) << "there is nobody whom that would spare a wake-up";
}

TEST_F(spinning_worker, does_not_spin_beside_another_that_searches) {
  EXPECT_TRUE(bench.place.sleepers.start_searching());
  EXPECT_EQ(rounds_in_vain(), 1);
  EXPECT_TRUE(bench.place.sleepers.stop_searching());
  EXPECT_EQ(rounds_in_vain(), 12);
}

TEST_F(spinning_worker_on_two_cores, spins_while_there_is_a_core_for_it) {
  EXPECT_EQ(rounds_in_vain(), 12);
}

TEST_F(spinning_worker_on_two_cores, does_not_spin_beside_a_function_that_computes_on_the_other_core) {
  load.begin();
  EXPECT_EQ(rounds_in_vain(), 1);
  load.end();
  EXPECT_EQ(rounds_in_vain(), 12);
}

TEST_F(spinning_worker_on_two_cores, spins_beside_a_function_that_computes_when_its_neighbour_sleeps) {
  load.begin();
  EXPECT_EQ(bench.place.sleepers.park(1, false), idle::post::sentinel);
  EXPECT_EQ(rounds_in_vain(), 12);
  load.end();
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
