// How long anything can be kept waiting by jobs that never run out: counted in jobs that the worker runs, never by the
// clock. The bounds are those at the head of find_work.h.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "tests/support/chaos.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"
#include "weft/rt/scheduler/find_work.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr int for_ready(int before) {
  return 30 * (before + 1);
}
constexpr int for_next = 15;
constexpr int for_shared(int before) {
  return 61 * (before + 1);
}
constexpr int for_events = 61 + for_ready(8);

// A lone worker, stepped by hand, and an endless supply of work of one kind.
struct fairness : testing::Test {
  fairness() : bench(1), entered(bench.workers[0]->current()) {}
  ~fairness() override {
    is_over = true;
    station& own = *bench.place.stations[0];
    while (!own.forks.empty() || !own.ready.empty() || !own.next.empty() || !bench.place.shared.empty()) {
      bench.workers[0]->step();
    }
  }

  // Two jobs that wake each other: each is what the other has just made ready.
  void play_ping_pong() {
    for (std::size_t i = 0; i < 2; ++i) {
      make([this, i](turn& now) {
        if (!is_over) now.self->submit(*made[i == 0 ? made.size() - 1 : made.size() - 2]);
      });
    }
    make_next(*made[made.size() - 2]);
  }
  // Each job forks the next one: the queue of forked children never runs out.
  void let_a_storm_of_forks_rage() {
    for (auto& each : storm) {
      each = std::make_unique<function_job>([this](turn& now) {
        if (!is_over) now.forks->push(*storm[++forked % storm.size()]);
      });
    }
    bench.place.stations[0]->forks.push(*storm[0]);
  }
  // Spawns that spawn: the queue of ready tasks always has so many.
  void flood_with_spawns(std::size_t many) {
    for (std::size_t i = 0; i < many; ++i) {
      const std::size_t own = made.size();
      make([this, own](turn& now) {
        if (!is_over) now.self->submit_last(*made[own]);
      });
      bench.workers[0]->submit_last(*made.back());
    }
  }

  void make_due() {
    reactor& events = bench.workers[0]->events();
    due.prepare(events.timers(), events.now_ns() - 1'000'000);
    EXPECT_NE(events.insert(due), timer_inserted::refused);
  }

  // As a job of the worker does.
  void make_next(job& woken) {
    turn& own = bench.workers[0]->current();
    own.begin_job();
    bench.workers[0]->submit(woken);
    own.be_without_job();
  }

  void make(std::function<void(turn&)> body) {
    made.push_back(std::make_unique<function_job>(std::move(body)));
  }

  // After how many jobs the victim had its turn.
  int jobs_until_victim(int at_most) {
    for (int jobs = 1; jobs <= at_most; ++jobs) {
      EXPECT_TRUE(bench.workers[0]->step());
      if (victim.times() != 0) return jobs;
    }
    ADD_FAILURE() << "not within " << at_most << " jobs";
    return at_most + 1;
  }

  const test::calm counted_in_jobs;
  workbench bench;
  turn_guard entered;
  bool is_over = false;
  counting_job victim;
  std::array<counting_job, 8> before;
  job_timer due{victim};
  std::size_t forked = 0;
  std::vector<std::unique_ptr<function_job>> made;
  std::array<std::unique_ptr<function_job>, 4> storm;
};

TEST_F(fairness, a_ping_pong_pair_does_not_starve_a_ready_task) {
  play_ping_pong();
  for (std::size_t i = 0; i < 5; ++i) bench.workers[0]->submit_last(before[i]);
  bench.workers[0]->submit_last(victim);
  // Every fourth job is the oldest ready one.
  EXPECT_LE(jobs_until_victim(for_ready(5)), 4 * 6 + 1);
}

TEST_F(fairness, a_ping_pong_pair_does_not_starve_a_task_from_outside) {
  play_ping_pong();
  for (std::size_t i = 0; i < 3; ++i) bench.place.shared.push(before[i]);
  bench.place.shared.push(victim);
  jobs_until_victim(for_shared(3));
}

TEST_F(fairness, a_ping_pong_pair_does_not_starve_a_timer_or_a_socket) {
  play_ping_pong();
  make_due();
  jobs_until_victim(for_events);
}

TEST_F(fairness, a_ping_pong_pair_does_not_starve_a_forked_child) {
  play_ping_pong();
  bench.place.stations[0]->forks.push(victim);
  // Before every ready task but each seventh.
  EXPECT_LE(jobs_until_victim(7), 2);
}

TEST_F(fairness, a_storm_of_forks_does_not_starve_a_ready_task) {
  let_a_storm_of_forks_rage();
  for (std::size_t i = 0; i < 3; ++i) bench.workers[0]->submit_last(before[i]);
  bench.workers[0]->submit_last(victim);
  jobs_until_victim(for_ready(3));
}

TEST_F(fairness, a_storm_of_forks_does_not_starve_what_was_to_be_next) {
  let_a_storm_of_forks_rage();
  flood_with_spawns(8);
  make_next(victim);
  jobs_until_victim(for_next);
}

TEST_F(fairness, a_storm_of_forks_and_a_ping_pong_pair_do_not_starve_a_ready_task) {
  let_a_storm_of_forks_rage();
  play_ping_pong();
  bench.workers[0]->submit_last(victim);
  jobs_until_victim(for_ready(0));
}

TEST_F(fairness, a_storm_of_forks_does_not_starve_a_task_from_outside) {
  let_a_storm_of_forks_rage();
  bench.place.shared.push(victim);
  jobs_until_victim(for_shared(0));
}

TEST_F(fairness, a_flood_of_spawns_does_not_starve_a_forked_child) {
  flood_with_spawns(200);
  bench.place.stations[0]->forks.push(victim);
  EXPECT_LE(jobs_until_victim(7), 2);
}

TEST_F(fairness, a_flood_of_spawns_does_not_starve_a_task_from_outside) {
  flood_with_spawns(200);
  for (std::size_t i = 0; i < 2; ++i) bench.place.shared.push(before[i]);
  bench.place.shared.push(victim);
  jobs_until_victim(for_shared(2));
}

TEST_F(fairness, a_flood_of_spawns_does_not_starve_a_timer_or_a_socket) {
  flood_with_spawns(8);
  make_due();
  jobs_until_victim(for_events);
}

TEST_F(fairness, a_flood_from_outside_does_not_starve_a_ready_task) {
  // Each job from outside is followed by another one.
  std::array<std::unique_ptr<function_job>, 2> outside;
  for (auto& each : outside) {
    each = std::make_unique<function_job>([this, &each](turn&) {
      if (!is_over) bench.place.shared.push(*each);
    });
    bench.place.shared.push(*each);
  }
  bench.workers[0]->submit_last(victim);
  EXPECT_LE(jobs_until_victim(for_ready(0)), 2);
  is_over = true;
  while (!bench.place.shared.empty()) bench.workers[0]->step();
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
