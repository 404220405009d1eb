// One worker, stepped by hand on the test's thread; its neighbours are puppets whose backends are watched.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/worker.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <vector>

#include "tests/support/chaos.h"
#include "tests/support/jobs.h"
#include "tests/support/workbench.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Worker 0 is stepped; worker 1, where there is one, is said to sleep, and its backend counts who wakes it.
struct worker_test : testing::Test {
  explicit worker_test(std::size_t count = 2) : bench(count), entered(bench.workers[0]->current()) {}

  bool step() { return bench.workers[0]->step(); }
  void let_neighbour_sleep() { EXPECT_EQ(bench.place.sleepers.park(1, false), idle::post::sentinel); }
  [[nodiscard]] int neighbours_wakes() const { return bench.backends[1]->wakes; }
  void due_now(timer& due) {
    reactor& events = bench.workers[0]->events();
    due.prepare(events.timers(), events.now_ns() - 1'000'000);
    EXPECT_NE(events.insert(due), timer_inserted::refused);
  }
  // Once, at the first wait of that kind.
  enum class at : std::uint8_t { look, limited, endless };
  void once_before(std::size_t backend, at when, std::function<void(job_list&)> act) {
    bench.backends[backend]->before_wait = [when, act, is_done = false](std::int64_t timeout,
                                                                        job_list& ready) mutable {
      const at now = timeout == 0 ? at::look : timeout < 0 ? at::endless : at::limited;
      if (is_done || now != when) return;
      is_done = true;
      act(ready);
    };
  }

  const test::calm steps_by_hand;
  workbench bench;
  turn_guard entered;
};

struct worker_alone : worker_test {
  worker_alone() : worker_test(1) {}
};

TEST_F(worker_alone, a_step_runs_one_job) {
  counting_job one, two;
  bench.place.shared.push(one);
  bench.place.shared.push(two);
  EXPECT_TRUE(step());
  EXPECT_EQ(one.times() + two.times(), 1);
  EXPECT_TRUE(step());
  EXPECT_EQ(one.times() + two.times(), 2);
}

TEST_F(worker_alone, a_job_sees_the_workers_turn_with_fresh_budgets) {
  turn& own = bench.workers[0]->current();
  function_job spender([&](turn& now) {
    EXPECT_EQ(&now, &own);
    EXPECT_EQ(&this_turn(), &own);
    EXPECT_EQ(now.self, bench.workers[0].get());
    EXPECT_EQ(now.transfers_left, turn::transfer_budget);
    EXPECT_EQ(now.operations_left, turn::operation_budget);
    now.transfers_left = 1;
    while (now.spend_operation()) {
    }
  });
  for (int i = 0; i < 2; ++i) {
    bench.place.shared.push(spender);
    EXPECT_TRUE(step());
  }
}

TEST_F(worker_alone, a_jobs_epilogue_is_its_last_part_and_what_that_hands_over_to_comes_next) {
  std::vector<int> order;
  const worker_counters& counts = bench.workers[0]->counts();
  function_chain successor([&](turn&) { order.push_back(4); });
  function_job last([&](turn& now) {
    order.push_back(3);
    EXPECT_EQ(now.running, nullptr);
    now.resume_first = &successor;
  });
  function_job second([&](turn& now) {
    order.push_back(2);
    now.epilogue = &last;
  });
  function_job first([&](turn& now) {
    order.push_back(1);
    now.epilogue = &second;
  });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(counts.jobs.read(), 1u);
  EXPECT_TRUE(step());
  EXPECT_EQ(order.back(), 4);
}

TEST_F(worker_alone, a_job_goes_on_with_what_its_epilogue_hands_over_to_while_transfers_are_left) {
  const test::calm no_cuts;
  const worker_counters& counts = bench.workers[0]->counts();
  std::uint32_t left = 0;
  function_chain successor([&](turn& now) { left = now.transfers_left; });
  function_job last([&](turn& now) { now.hand_over_to(successor); });
  std::uint32_t left_before = turn::transfer_budget;
  function_job first([&](turn& now) {
    now.transfers_left = left_before;
    now.epilogue = &last;
  });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(left, turn::transfer_budget - 1) << "in the same job";
  EXPECT_EQ(counts.jobs.read(), 1u);
  left = 0;
  left_before = 1;
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(left, 0u);
  EXPECT_EQ(counts.jobs.read(), 2u);
  EXPECT_TRUE(step());
  EXPECT_EQ(left, turn::transfer_budget) << "in the next one";
  EXPECT_EQ(counts.jobs.read(), 3u);
}

TEST_F(worker_alone, a_job_that_steps_aside_for_nobody_begins_its_next_turn_at_once) {
  worker& own = *bench.workers[0];
  frame leaf(std::source_location::current());
  function_job lonely([&](turn& now) {
    const std::uint64_t pulse = now.pulse.load();
    while (now.spend_operation()) {
    }
    EXPECT_TRUE(own.begin_next_turn_alone(leaf));
    EXPECT_EQ(now.running, &leaf);
    EXPECT_EQ(now.operations_left, turn::operation_budget);
    EXPECT_NE(now.pulse.load(), pulse) << "nobody is to call it blocked";
    EXPECT_TRUE(turn::is_at_job(now.pulse.load()));
  });
  bench.place.shared.push(lonely);
  EXPECT_TRUE(step());
  EXPECT_EQ(own.counts().jobs.read(), 2u);
}

TEST_F(worker_alone, a_job_steps_aside_for_whatever_else_is_there) {
  worker& own = *bench.workers[0];
  frame leaf(std::source_location::current());
  counting_job other;
  const std::vector<std::function<void(turn&)>> ways{
      [&](turn& now) { now.forks->push(other); }, [&](turn&) { own.submit(other); },
      [&](turn&) { own.submit_last(other); }, [&](turn&) { bench.place.shared.push(other); },
      [&](turn& now) { now.later.push_back(other); }};
  for (const auto& make_ready : ways) {
    function_job polite([&](turn& now) {
      make_ready(now);
      EXPECT_FALSE(own.begin_next_turn_alone(leaf));
    });
    bench.place.shared.push(polite);
    EXPECT_TRUE(step());
    EXPECT_TRUE(step());
  }
  EXPECT_EQ(other.times(), static_cast<int>(ways.size()));
}

TEST_F(worker_alone, a_job_that_steps_aside_without_end_leaves_the_turns_that_look_around_to_the_loop) {
  worker& own = *bench.workers[0];
  frame leaf(std::source_location::current());
  int passed = 0;
  function_job lonely([&](turn&) {
    while (own.begin_next_turn_alone(leaf)) ++passed;
  });
  for (int round = 0; round < 3; ++round) {
    passed = 0;
    bench.place.shared.push(lonely);
    EXPECT_TRUE(step());
    EXPECT_LT(passed, 61);
  }
  EXPECT_GT(passed, 0);
}

TEST_F(worker_alone, a_job_that_waits_for_the_next_one_begins_the_turn_of_that) {
  worker& own = *bench.workers[0];
  bool has_run = false;
  function_job awaited([&](turn& now) {
    has_run = true;
    EXPECT_EQ(now.transfers_left, turn::transfer_budget);
    EXPECT_EQ(now.operations_left, turn::operation_budget);
  });
  function_job waiter([&](turn& now) {
    now.transfers_left = 1;
    while (now.spend_operation()) {
    }
    own.submit_last(awaited);
    const std::uint64_t pulse = now.pulse.load();
    EXPECT_TRUE(own.begin_next_turn_with(awaited));
    EXPECT_NE(now.pulse.load(), pulse) << "nobody is to call it blocked";
    EXPECT_FALSE(has_run) << "before this one has come back";
  });
  bench.place.shared.push(waiter);
  EXPECT_TRUE(step());
  EXPECT_TRUE(has_run);
  EXPECT_EQ(own.counts().jobs.read(), 2u);
}

TEST_F(worker_alone, a_job_that_waits_for_another_one_leaves_the_turn_to_whatever_goes_before_that) {
  worker& own = *bench.workers[0];
  counting_job awaited, other;
  function_chain chain([](turn&) {});
  const std::vector<std::function<void(turn&)>> ways{
      [&](turn& now) { now.forks->push(other); }, [&](turn&) { own.submit(other); },
      [&](turn& now) { now.later.push_back(other); }, [&](turn& now) { now.resume_first = &chain; }};
  for (const auto& make_ready : ways) {
    function_job waiter([&](turn& now) {
      own.submit_last(awaited);
      make_ready(now);
      EXPECT_FALSE(own.begin_next_turn_with(awaited));
    });
    bench.place.shared.push(waiter);
    for (int steps = 0; steps < 3; ++steps) EXPECT_TRUE(step());
  }
  EXPECT_EQ(awaited.times(), static_cast<int>(ways.size()));
  EXPECT_EQ(other.times(), static_cast<int>(ways.size()) - 1);
}

TEST_F(worker_alone, what_a_job_hands_over_to_runs_before_everything_else) {
  std::vector<int> order;
  function_job successor([&](turn&) { order.push_back(2); });
  function_job child([&](turn&) { order.push_back(3); });
  function_job first([&](turn& now) {
    order.push_back(1);
    now.forks->push(child);
    now.resume_first = &successor;
  });
  bench.place.shared.push(first);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(step());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(worker_alone, what_a_job_leaves_for_later_runs_in_order) {
  std::vector<int> order;
  function_job two([&](turn&) { order.push_back(2); });
  function_job three([&](turn&) { order.push_back(3); });
  function_job first([&](turn& now) {
    order.push_back(1);
    now.later.push_back(two);
    now.later.push_back(three);
  });
  bench.place.shared.push(first);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(step());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(worker_alone, without_work_it_sleeps_without_a_limit_until_a_job_is_published) {
  counting_job late;
  once_before(0, at::endless, [&](job_list&) { bench.publish(late); });
  EXPECT_TRUE(step());
  EXPECT_EQ(bench.backends[0]->wakes, 1);
  EXPECT_EQ(late.times(), 0);
  EXPECT_TRUE(step());
  EXPECT_EQ(late.times(), 1);
}

TEST_F(worker_alone, its_own_timer_ends_its_sleep_and_runs) {
  counting_job event;
  job_timer due(event);
  reactor& events = bench.workers[0]->events();
  due.prepare(events.timers(), events.now_ns() + 2'000'000);
  EXPECT_EQ(events.insert(due), timer_inserted::earliest);
  for (int steps = 0; event.times() == 0; ++steps) {
    ASSERT_LT(steps, 100);
    EXPECT_TRUE(step());
  }
  EXPECT_GE(events.now_ns(), due.deadline_ns);
}

TEST_F(worker_alone, when_closing_it_runs_what_is_left_and_then_leaves_without_a_sleep) {
  counting_job left, later;
  function_job last([&](turn& now) { now.later.push_back(later); });
  bench.place.shared.push(left);
  bench.place.shared.push(last);
  bench.place.is_closing.store(true, std::memory_order_release);
  int steps = 0;
  while (step()) ASSERT_LT(++steps, 10);
  EXPECT_EQ(left.times(), 1);
  EXPECT_EQ(later.times(), 1);
  EXPECT_EQ(bench.backends[0]->limited_waits + bench.backends[0]->endless_waits, 0);
}

TEST_F(worker_alone, closing_while_it_falls_asleep_is_not_missed) {
  once_before(0, at::endless, [&](job_list&) {
    bench.place.is_closing.store(true, std::memory_order_release);
    bench.workers[0]->events().wake();
  });
  EXPECT_TRUE(step()) << "it was woken, and looks once more";
  EXPECT_FALSE(step());
}

// --- nothing starves, even on one worker

TEST_F(worker_alone, a_coroutine_that_never_ends_its_turn_does_not_starve_a_ready_task) {
  function_chain endless([](turn&) {});
  endless.body = [&](turn& now) { now.resume_first = &endless; };
  counting_job ready;
  bench.place.shared.push(endless);
  EXPECT_TRUE(step());
  bench.workers[0]->submit_last(ready);
  for (int steps = 0; steps < 1000 && ready.times() == 0; ++steps) EXPECT_TRUE(step());
  EXPECT_EQ(ready.times(), 1);
  endless.body = [](turn&) {};
  while (ready.times() == 0) EXPECT_TRUE(step());
}

TEST_F(worker_alone, a_coroutine_that_never_ends_its_turn_does_not_starve_the_shared_queue) {
  function_chain endless([](turn&) {});
  endless.body = [&](turn& now) { now.resume_first = &endless; };
  counting_job injected;
  bench.place.shared.push(endless);
  EXPECT_TRUE(step());
  bench.publish(injected);
  for (int steps = 0; steps < 5000 && injected.times() == 0; ++steps) EXPECT_TRUE(step());
  EXPECT_EQ(injected.times(), 1);
  endless.body = [](turn&) {};
  while (injected.times() == 0) EXPECT_TRUE(step());
}

TEST_F(worker_alone, a_coroutine_that_never_ends_its_turn_does_not_starve_timers) {
  function_chain endless([](turn&) {});
  endless.body = [&](turn& now) { now.resume_first = &endless; };
  counting_job event;
  job_timer due(event);
  bench.place.shared.push(endless);
  EXPECT_TRUE(step());
  due_now(due);
  for (int steps = 0; steps < 1000 && event.times() == 0; ++steps) EXPECT_TRUE(step());
  EXPECT_EQ(event.times(), 1);
  endless.body = [](turn&) {};
  while (event.times() == 0) EXPECT_TRUE(step());
}

TEST_F(worker_alone, more_yielding_tasks_than_its_queue_holds_do_not_starve_timers) {
  constexpr int tasks = 1000;
  int turns_taken = 0;
  bool is_over = false;
  std::vector<function_job> yielding;
  yielding.reserve(tasks);
  for (int i = 0; i < tasks; ++i) {
    yielding.emplace_back([&, i](turn& now) {
      ++turns_taken;
      if (!is_over) now.later.push_back(yielding[static_cast<std::size_t>(i)]);
    });
    bench.place.shared.push(yielding.back());
  }
  counting_job event;
  job_timer due(event);
  due_now(due);
  while (event.times() == 0 && turns_taken < 50 * tasks) ASSERT_TRUE(step());
  EXPECT_EQ(event.times(), 1) << "still not served after " << turns_taken << " jobs";
  is_over = true;
  while (event.times() == 0 || !bench.place.shared.empty() || !bench.place.stations[0]->ready.empty()) {
    ASSERT_TRUE(step());
  }
}

// --- with a neighbour: who publishes wakes

TEST_F(worker_test, what_several_jobs_leave_for_later_wakes_a_neighbour) {
  let_neighbour_sleep();
  counting_job later, latest;
  function_job first([&](turn& now) {
    now.later.push_back(later);
    now.later.push_back(latest);
  });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(neighbours_wakes(), 1);
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
}

TEST_F(worker_test, one_job_that_is_left_for_later_is_run_here_and_wakes_nobody) {
  let_neighbour_sleep();
  counting_job later;
  function_job first([&](turn& now) { now.later.push_back(later); });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_EQ(later.times(), 1);
  EXPECT_EQ(neighbours_wakes(), 0);
}

TEST_F(worker_test, one_job_that_is_made_ready_is_run_next_and_wakes_nobody) {
  let_neighbour_sleep();
  counting_job waited_longer, woken;
  function_job first([&](turn& now) { now.self->submit(woken); });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(neighbours_wakes(), 0);
  bench.workers[0]->submit_last(waited_longer);
  EXPECT_TRUE(step());
  EXPECT_EQ(woken.times(), 1);
  EXPECT_EQ(waited_longer.times(), 0);
  EXPECT_TRUE(step());
}

TEST_F(worker_test, a_second_job_that_is_made_ready_goes_behind_and_wakes_a_neighbour) {
  let_neighbour_sleep();
  counting_job woken, second;
  function_job first([&](turn& now) {
    now.self->submit(woken);
    now.self->submit(second);
  });
  bench.place.shared.push(first);
  EXPECT_TRUE(step());
  EXPECT_EQ(neighbours_wakes(), 1);
  EXPECT_TRUE(step());
  EXPECT_EQ(woken.times(), 1);
  EXPECT_EQ(second.times(), 0);
  EXPECT_TRUE(step());
}

TEST_F(worker_test, a_job_that_leaves_nothing_wakes_nobody) {
  let_neighbour_sleep();
  counting_job only;
  bench.place.shared.push(only);
  EXPECT_TRUE(step());
  EXPECT_EQ(neighbours_wakes(), 0);
}

TEST_F(worker_test, a_job_published_between_the_last_look_and_the_announcement_is_found) {
  let_neighbour_sleep();
  counting_job late;
  // The last look of a search is at the neighbours' reactors.
  once_before(1, at::look, [&](job_list&) { bench.publish(late); });
  EXPECT_TRUE(step());
  EXPECT_EQ(neighbours_wakes(), 0) << "one worker searched, and will find it";
  EXPECT_EQ(bench.backends[0]->endless_waits, 0) << "it fell asleep beside a job";
  EXPECT_TRUE(step());
  EXPECT_EQ(late.times(), 1);
}

TEST_F(worker_test, of_two_jobs_published_while_the_last_searcher_gives_up_one_wakes_the_neighbour) {
  let_neighbour_sleep();
  int wakes_during_the_first = -1;
  function_job one([&](turn&) { wakes_during_the_first = neighbours_wakes(); });
  counting_job two;
  once_before(1, at::look, [&](job_list&) {
    bench.publish(one);
    bench.publish(two);
  });
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_EQ(wakes_during_the_first, 1) << "the second job waits for a sentinel's round, or for the first job";
  EXPECT_TRUE(step());
}

TEST_F(worker_test, a_worker_that_was_woken_for_two_jobs_wakes_the_next_one) {
  let_neighbour_sleep();
  int wakes_during_the_first = -1;
  function_job one([&](turn&) { wakes_during_the_first = neighbours_wakes(); });
  counting_job two;
  once_before(0, at::endless, [&](job_list&) {
    bench.publish(one);
    bench.publish(two);
  });
  EXPECT_TRUE(step());
  EXPECT_EQ(bench.backends[0]->wakes, 1);
  EXPECT_TRUE(step());
  EXPECT_EQ(wakes_during_the_first, 1);
  EXPECT_TRUE(step());
}

TEST_F(worker_test, of_two_events_that_end_its_sleep_one_wakes_the_neighbour) {
  let_neighbour_sleep();
  int wakes_during_the_first = -1;
  function_job one([&](turn&) { wakes_during_the_first = neighbours_wakes(); });
  counting_job two;
  once_before(0, at::endless, [&](job_list& ready) {
    ready.push_back(one);
    ready.push_back(two);
  });
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_EQ(wakes_during_the_first, 1)
      << "the second event waits for a sentinel's round, or for the first job";
  EXPECT_TRUE(step());
}

TEST_F(worker_test, of_two_events_found_while_awake_one_wakes_the_neighbour) {
  let_neighbour_sleep();
  int wakes_during_the_first = -1;
  function_job one([&](turn&) { wakes_during_the_first = neighbours_wakes(); });
  counting_job two;
  once_before(0, at::look, [&](job_list& ready) {
    ready.push_back(one);
    ready.push_back(two);
  });
  EXPECT_TRUE(step());
  EXPECT_EQ(wakes_during_the_first, 1)
      << "the second event waits for a sentinel's round, or for the first job";
  EXPECT_TRUE(step());
}

TEST_F(worker_test, the_first_to_sleep_is_sentinel_and_serves_its_neighbours_timers) {
  counting_job event;
  job_timer due(event);
  reactor& theirs = bench.workers[1]->events();
  once_before(0, at::limited, [&](job_list&) {
    due.prepare(theirs.timers(), theirs.now_ns() - 1'000'000);
    EXPECT_NE(theirs.insert(due), timer_inserted::refused);
  });
  EXPECT_TRUE(step());
  EXPECT_TRUE(step());
  EXPECT_EQ(event.times(), 1);
  EXPECT_EQ(bench.backends[0]->endless_waits, 0);
}

TEST_F(worker_test, a_job_that_begins_after_all_were_off_duty_is_attended_by_a_neighbour) {
  int alarms_during_it = -1;
  function_job long_job([&](turn&) { alarms_during_it = bench.backends[1]->alarms; });
  bench.backends[0]->before_wait = [&, stage = 0](std::int64_t timeout, job_list&) mutable {
    if (timeout > 0 && stage == 0) {  // we are sentinel; now the neighbour sleeps too
      stage = 1;
      EXPECT_EQ(bench.place.sleepers.park(1, false), idle::post::sleeper);
    } else if (timeout < 0 && stage == 1) {  // a quiet round has passed
      stage = 2;
      bench.publish(long_job);
    }
  };
  while (alarms_during_it < 0) ASSERT_TRUE(step());
  EXPECT_EQ(alarms_during_it, 1)
      << "no sentinel: nobody serves this worker's sockets and timers while it runs";
  EXPECT_EQ(bench.backends[1]->alarms_taken_back, 0);
}

TEST_F(worker_test, a_chain_that_is_cut_in_favour_of_another_job_is_offered_to_the_neighbour) {
  function_chain endless([](turn&) {});
  endless.body = [&](turn& now) { now.resume_first = &endless; };
  int wakes_during_the_other = -1;
  function_job other([&](turn&) { wakes_during_the_other = neighbours_wakes(); });
  bench.place.shared.push(endless);
  EXPECT_TRUE(step());
  bench.workers[0]->submit_last(other);
  let_neighbour_sleep();
  for (int steps = 0; steps < 1000 && wakes_during_the_other < 0; ++steps) EXPECT_TRUE(step());
  EXPECT_EQ(wakes_during_the_other, 1) << "the chain waits for a sentinel's round, or for the other job";
  endless.body = [](turn&) {};
  EXPECT_TRUE(step());
}

TEST_F(worker_test, a_sentinel_that_finds_work_has_a_sleeper_stand_in) {
  workbench three(3);
  const turn_guard other(three.workers[0]->current());
  counting_job late;
  three.backends[0]->before_wait = [&, is_done = false](std::int64_t timeout, job_list& ready) mutable {
    if (timeout <= 0 || is_done) return;
    is_done = true;
    EXPECT_EQ(three.place.sleepers.park(1, false), idle::post::sleeper);
    ready.push_back(late);
  };
  EXPECT_TRUE(three.workers[0]->step());
  EXPECT_TRUE(three.workers[0]->step());
  EXPECT_EQ(late.times(), 1);
  EXPECT_EQ(three.backends[1]->alarms, 1);
  EXPECT_EQ(three.backends[1]->alarms_taken_back, 0);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
