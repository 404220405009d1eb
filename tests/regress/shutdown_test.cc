// Ends that came too early for a thread outside, or never came.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "weft/join_handle.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/scheduler.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/sync/semaphore.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// The job that it submitted had run, and the scheduler was gone, while submit() still looked for whom to
// wake. Seen by the address and thread sanitizers.
TEST(shutdown_regress, a_scheduler_outlives_the_submit_from_outside_whose_job_lets_its_owner_go_on) {
  rt::engine owner{rt::options{.workers = 1}};
  for (std::size_t round = 0; round < scaled(1000); ++round) {
    rt::counting_job last;
    auto some = std::make_unique<rt::scheduler>(1 + round % 2, owner);
    ASSERT_FALSE(some->start("test"));
    std::thread submits([&last, &on = *some] { on.submit(last); });
    EXPECT_TRUE(eventually([&] { return last.times() == 1; }));
    some.reset();
    submits.join();
  }
}

// The same, as users see it: a permit given from outside ends the last task of a runtime that is stopping.
TEST(shutdown_regress, a_runtime_outlives_the_permit_from_outside_that_ends_its_last_task) {
  for (std::size_t round = 0; round < scaled(300); ++round) {
    semaphore permits(0);
    std::atomic<bool> is_waiting = false;
    std::optional<runtime> rt(std::in_place, runtime_options{.workers = 1});
    const auto waits = [&]() -> task<> {
      is_waiting = true;
      semaphore_permit mine = co_await permits.acquire();
      mine.forget();
    };
    auto handle = rt->spawn(waits);
    EXPECT_TRUE(eventually([&] { return is_waiting.load(); }));
    std::thread gives([&] { permits.add_permits(1); });
    rt.reset();
    gives.join();
    EXPECT_TRUE(handle.is_done());
    handle.detach();
  }
}

// Hung now and then: a wake-up was lost at the end of a sentinel's round.
TEST(shutdown_regress, of_many_runtimes_with_two_workers_each_all_come_to_an_end) {
  const std::size_t cycles = scaled(500);
  std::atomic<std::size_t> ended = 0;
  // A limit of its own, so that a hang is not left to the time limit of all tests.
  std::thread watched([&] {
    for (std::size_t i = 0; i < cycles; ++i) {
      runtime rt({.workers = 2});
      // From nothing to some rounds of the sentinel's.
      if (i % 4 != 0) rt.block_on(sleep_for(std::chrono::microseconds(i % 4 * 100)));
      rt.stop();
      ended = i + 1;
    }
  });
  for (std::size_t seen = 0; seen < cycles; seen = ended) {
    if (eventually([&] { return ended > seen; })) continue;
    // Ends the process: the thread cannot be joined.
    FAIL() << "cycle " << seen << " does not end";
  }
  watched.join();
}

// Tasks stand in several rosters, which were stopped one after the other: a task that ran saw its stop and ended, and the
// task that awaited it got a stopped_error, as it was not asked yet. Found by chaos.
TEST(shutdown_regress, a_task_that_awaits_another_sees_no_exception_when_both_are_stopped_by_the_end) {
  constexpr int pairs = 32;
  for (std::size_t round = 0; round < scaled(300); ++round) {
    std::atomic<int> begun = 0;
    std::atomic<int> exceptions = 0;
    {
      runtime rt({.workers = 2});
      const auto runs = [&]() -> task<> {
        ++begun;
        for (;;) co_await checkpoint();
      };
      const auto waits = [&]() -> task<> {
        auto handle = spawn(runs);
        try {
          co_await handle;
        } catch (const stopped_error&) {
          ++exceptions;
        }
      };
      for (int i = 0; i < pairs; ++i) rt.spawn(waits).detach();
      EXPECT_TRUE(eventually([&] { return begun == pairs; }));
    }
    ASSERT_EQ(exceptions, 0) << "round " << round;
  }
}

}  // namespace
}  // namespace weft::test
