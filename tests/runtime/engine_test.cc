// A runtime's parts as a whole: what it refuses to be, in which order it ends, and what it does meanwhile.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "tests/support/scope_chain.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using test::eventually;

std::string refusal(const options& chosen) {
  try {
    const engine refused(chosen);
  } catch (const std::invalid_argument& thrown) {
    return thrown.what();
  }
  return "nothing was refused";
}

TEST(engine, options_that_cannot_be_meant_are_refused_with_their_name) {
  EXPECT_NE(refusal({.workers = 0}).find("workers is zero"), std::string::npos);
  EXPECT_NE(refusal({.workers = 1025}).find("workers is 1025"), std::string::npos);
  EXPECT_NE(refusal({.workers = 1, .compute_threads = 0}).find("compute_threads is zero"), std::string::npos);
  EXPECT_NE(refusal({.workers = 1, .blocking_threads = 0}).find("blocking_threads is zero"),
            std::string::npos);
}

TEST(engine, it_has_as_many_workers_as_it_was_told_and_by_default_at_least_one) {
  EXPECT_EQ(engine(options{.workers = 3}).worker_count(), 3u);
  EXPECT_GE(engine(options{}).worker_count(), 1u);
}

TEST(engine, what_tasks_inherit_from_outside_leads_home) {
  const engine home(options{.workers = 1});
  EXPECT_EQ(home.root_context().home, &home);
}

TEST(engine, stopping_twice_and_destroying_a_stopped_engine_do_nothing_more) {
  engine home(options{.workers = 2});
  home.stop();
  home.stop();
}

TEST(engine, many_engines_come_and_go) {
  const std::size_t rounds = test::scaled(200);
  for (std::size_t i = 0; i < rounds; ++i) {
    counting_job only;
    {
      engine home(options{.workers = 1 + static_cast<unsigned>(i % 3)});
      if (i % 2 == 0) home.submit(only);
    }
    ASSERT_EQ(only.times(), i % 2 == 0 ? 1 : 0) << "round " << i;
  }
}

TEST(engine, jobs_run_on_its_workers_and_nowhere_else) {
  engine home(options{.workers = 2}), other(options{.workers = 1});
  std::atomic<int> seen{-1};
  function_job asks([&](turn&) { seen = (home.is_on_worker() ? 1 : 0) + (other.is_on_worker() ? 2 : 0); });
  EXPECT_FALSE(home.is_on_worker());
  home.submit(asks);
  EXPECT_TRUE(eventually([&] { return seen >= 0; }));
  EXPECT_EQ(seen, 1);
}

#if GTEST_HAS_DEATH_TEST
TEST(engine, stopping_it_from_its_own_worker_is_a_broken_rule) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        engine home(options{.workers = 1});
        function_job stops([&](turn&) { home.stop(); });
        home.submit(stops);
        static_cast<void>(eventually([] { return false; }));
      },
      "cannot be stopped by one of its own workers");
}
#endif

// --- tasks that wait when the end comes

// Waits for a timer; a stop takes it out.
struct until : leaf_op {
  until(engine& at, std::int64_t due) noexcept : leaf_op(kind, nullptr), home(at), alarm(*this, due) {}
  struct alarm_of : timer {
    alarm_of(until& of, std::int64_t due) noexcept : timer(&ring), sleeper(of), due_ns(due) {}
    static job* ring(timer& self) noexcept {
      scope* const waiting = static_cast<alarm_of&>(self).sleeper.waiter;
      return waiting->finish() ? waiting : nullptr;
    }
    until& sleeper;
    std::int64_t due_ns;
  };
  static cancel_outcome on_cancel(leaf_op& self, job_list&) noexcept {
    return engine::cancel(static_cast<until&>(self).alarm) ? cancel_outcome::taken
                                                           : cancel_outcome::completing;
  }
  static constexpr leaf_kind kind{"a test", &on_cancel};

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<step::promise_type> self) noexcept {
    frame& leaf = self.promise();
    scope& own = leaf.home();
    waiter = &own;
    home.prepare(alarm, alarm.due_ns);
    if (!own.arm(*this, leaf)) {
      this_turn().later.push_back(own.to_unwind(leaf));
    } else if (!home.insert(alarm)) {
      own.to_unwind(leaf);
      if (own.finish()) this_turn().later.push_back(own);
    }
  }
  void await_resume() noexcept {}

  engine& home;
  alarm_of alarm;
};

struct live_task : roster::member {
  live_task(engine& lives_in, step body) noexcept : home_engine(lives_in) {
    begin(body.release(), lives_in.root_context(), nullptr, &on_end);
  }
  static std::coroutine_handle<> on_end(scope& ended, turn&, ending how) noexcept {
    auto& self = static_cast<live_task&>(ended);
    if (how == ending::finished) self.root->handle().destroy();
    (how == ending::finished ? self.finished : self.stopped).fetch_add(1, std::memory_order_acq_rel);
    self.home_engine.leave(self);
    return std::noop_coroutine();
  }
  bool launch() {
    if (!home_engine.admit(*this)) return false;
    home_engine.submit(*this);
    return true;
  }
  engine& home_engine;
  std::atomic<int> finished{0};
  std::atomic<int> stopped{0};
};

constexpr std::int64_t hour = std::int64_t{3'600'000'000'000};

step sleep_once(engine& home, std::int64_t length, std::atomic<int>& about_to_sleep) {
  about_to_sleep.fetch_add(1);
  co_await until(home, home.now_ns() + length);
}

TEST(engine, a_task_that_sleeps_is_woken_by_its_timer) {
  engine home(options{.workers = 2});
  std::atomic<int> asleep{0};
  live_task task(home, sleep_once(home, 1'000'000, asleep));
  EXPECT_TRUE(task.launch());
  EXPECT_TRUE(eventually([&] { return task.finished == 1; }));
}

TEST(engine, destroying_it_stops_tasks_whose_timers_are_an_hour_away) {
  for (unsigned workers : {1u, 2u, 3u}) {
    std::vector<std::unique_ptr<live_task>> tasks;
    std::atomic<int> asleep{0};
    {
      engine home(options{.workers = workers});
      for (int i = 0; i < 100; ++i) {
        tasks.push_back(std::make_unique<live_task>(home, sleep_once(home, hour, asleep)));
        ASSERT_TRUE(tasks.back()->launch());
      }
      // With more workers the end meets tasks at every point of their start.
      EXPECT_TRUE(workers != 1 || eventually([&] { return asleep == 100; }));
    }
    for (auto& each : tasks) ASSERT_EQ(each->stopped, 1) << workers << " workers";
  }
}

TEST(engine, tasks_start_sleep_wake_and_stop_at_once_and_each_ends_exactly_once) {
  for (std::uint64_t seed = 1; seed <= test::scaled(40); ++seed) {
    std::vector<std::unique_ptr<live_task>> tasks;
    std::vector<bool> was_admitted;
    std::atomic<int> asleep{0};
    std::optional<engine> home;
    home.emplace(options{.workers = 1 + static_cast<unsigned>(seed % 3)});
    for (int i = 0; i < 200; ++i) {
      tasks.push_back(std::make_unique<live_task>(*home, sleep_once(*home, i * 10'000, asleep)));
    }
    std::atomic<bool> is_launching{false};
    std::thread launcher([&] {
      for (auto& each : tasks) {
        was_admitted.push_back(each->launch());
        is_launching = true;
      }
    });
    while (!is_launching) std::this_thread::yield();
    while (asleep < static_cast<int>(seed * 3 % 150)) std::this_thread::yield();
    launcher.join();
    home->stop();
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      ASSERT_EQ(tasks[i]->finished + tasks[i]->stopped, was_admitted[i] ? 1 : 0)
          << "seed " << seed << ", task " << i;
    }
    home.reset();
  }
}

TEST(engine, a_stopped_engine_admits_no_task) {
  engine home(options{.workers = 1});
  std::atomic<int> asleep{0};
  live_task late(home, sleep_once(home, hour, asleep));
  home.stop();
  EXPECT_FALSE(late.launch());
  late.root->handle().destroy();
  EXPECT_EQ(asleep, 0);
}

TEST(engine, the_end_waits_for_a_task_that_ignores_its_stop) {
  auto home = std::make_unique<engine>(options{.workers = 2});
  std::atomic<bool> has_begun{false}, is_stopping{false}, may_end{false}, has_ended{false};
  std::atomic<scope*> running{nullptr};
  const auto stubborn = [&]() -> step {
    has_begun = true;
    EXPECT_TRUE(eventually([&] { return running.load() != nullptr; }));
    EXPECT_TRUE(eventually([&] { return running.load()->is_stopping(); }));
    is_stopping = true;
    EXPECT_TRUE(eventually([&] { return may_end.load(); }));
    has_ended = true;
    co_return;
  };
  live_task task(*home, stubborn());
  ASSERT_TRUE(task.launch());
  running = &task;
  EXPECT_TRUE(eventually([&] { return has_begun.load(); }));  // or it would never run at all
  std::thread stopper([&] {
    home->stop();
    EXPECT_TRUE(has_ended);
  });
  EXPECT_TRUE(eventually([&] { return is_stopping.load(); }));
  may_end = true;
  stopper.join();
  EXPECT_EQ(task.finished, 1) << "what completed before it looked at its stop has completed";
}

// --- functions on other threads

struct offloaded : call {
  explicit offloaded(scope& of) : call(kind, &run_it, &of) {}
  static void run_it(call& self) noexcept {
    auto& own = static_cast<offloaded&>(self);
    own.is_running = true;
    own.is_allowed_to_end = eventually([&] { return own.may_end.load(); });
  }
  static constexpr leaf_kind kind{"a test", &cancel_call, &describe_call};
  std::atomic<bool> is_running{false}, may_end{false}, is_allowed_to_end{false};
};

TEST(engine, a_blocking_function_that_runs_when_the_stop_comes_is_waited_for_and_its_task_goes_on) {
  engine home(options{.workers = 1});
  struct waits {
    offloaded& function;
    engine& home;
    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<step::promise_type> self) noexcept {
      EXPECT_TRUE(self.promise().home().arm(function, self.promise()));
      EXPECT_EQ(home.block(function), start_outcome::started);
    }
    void await_resume() noexcept {}
  };
  std::unique_ptr<offloaded> function;
  std::atomic<bool> went_on{false};
  const auto body = [&]() -> step {
    co_await waits{*function, home};
    went_on = true;
  };
  live_task task(home, body());
  function = std::make_unique<offloaded>(task);
  ASSERT_TRUE(task.launch());
  EXPECT_TRUE(eventually([&] { return function->is_running.load(); }));
  std::thread stopper([&] { home.stop(); });
  EXPECT_TRUE(eventually([&] { return task.is_stopping(); }));
  EXPECT_FALSE(went_on);
  function->may_end = true;
  stopper.join();
  EXPECT_TRUE(function->is_allowed_to_end);
  EXPECT_TRUE(went_on) << "a function that has run is never thrown away";
  EXPECT_EQ(task.finished, 1);
}

// --- errors that nobody took

TEST(engine, the_reporter_is_the_users_and_outlives_the_engine) {
  std::string told;
  std::shared_ptr<const engine::reporter> kept;
  {
    engine home(
        options{.workers = 1, .on_unhandled_error = [&](const unhandled_error& lost) { told = lost.name; }});
    kept = home.unhandled();
  }
  (*kept)({.name = "mine", .where = std::source_location::current(), .error = nullptr});
  EXPECT_EQ(told, "mine");
}

TEST(engine, by_default_a_lost_error_is_a_line_on_standard_error_whatever_was_thrown) {
  engine home(options{.workers = 1});
  const std::source_location here = std::source_location::current();
  const auto report = [&](std::exception_ptr error) {
    testing::internal::CaptureStderr();
    (*home.unhandled())({.name = "mine", .where = here, .error = std::move(error), .stack = {&here, 1}});
    return testing::internal::GetCapturedStderr();
  };
  const std::string known = report(std::make_exception_ptr(std::runtime_error("out of cheese")));
  EXPECT_NE(known.find("task mine: out of cheese"), std::string::npos) << known;
  EXPECT_NE(known.find("engine_test.cc"), std::string::npos) << known;
  EXPECT_NE(report(std::make_exception_ptr(7)).find("no std::exception"), std::string::npos);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
