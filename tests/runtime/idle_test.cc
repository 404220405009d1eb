// The protocol of sleeping and waking, one transition after the other, and then a hunt for lost wake-ups.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/idle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"
#include "weft/rt/work/inject_queue.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using post = idle::post;
using round = idle::round;
using duty = idle::duty;

struct leaving {
  // As idle::leaving, to be compared.
  bool was_taken;
  bool is_unattended;
  bool operator==(const leaving&) const = default;
};
constexpr leaving woken{true, false}, woken_unattended{true, true};
constexpr leaving by_itself{false, false}, by_itself_unattended{false, true};

leaving unpark(idle& all, std::size_t index) {
  const idle::leaving how = all.unpark(index);
  return {how.was_taken, how.is_unattended};
}

// Whom a publisher wakes when the one that was woken before has found its job.
std::optional<std::size_t> take_and_find(idle& all) {
  const std::optional<std::size_t> taken = all.take_one_to_wake();
  EXPECT_TRUE(!taken || all.stop_searching());
  return taken;
}

constexpr std::optional<std::size_t> nobody = std::nullopt;

TEST(idle, a_publisher_wakes_nobody_where_nobody_sleeps) {
  idle all(2);
  EXPECT_EQ(all.take_one_to_wake(), nobody);
  EXPECT_EQ(all.sleeper_for_duty(), nobody);
}

TEST(idle, a_publisher_wakes_a_sleeper_once_until_that_one_has_found_its_job) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.take_one_to_wake(), 1u);
  EXPECT_EQ(all.take_one_to_wake(), nobody) << "the one that was taken counts as searching";
  EXPECT_EQ(unpark(all, 1), woken);
  EXPECT_EQ(all.take_one_to_wake(), nobody);
  EXPECT_TRUE(all.stop_searching()) << "the last searcher owes the next wake-up";
  EXPECT_EQ(all.take_one_to_wake(), 0u);
}

TEST(idle, a_publisher_wakes_nobody_while_somebody_searches) {
  idle all(4);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_TRUE(all.start_searching());
  EXPECT_EQ(all.take_one_to_wake(), nobody);
  EXPECT_TRUE(all.stop_searching());
  EXPECT_EQ(all.take_one_to_wake(), 0u);
}

TEST(idle, only_the_last_of_several_searchers_is_told_so) {
  idle all(4);
  EXPECT_TRUE(all.start_searching());
  EXPECT_TRUE(all.start_searching());
  EXPECT_FALSE(all.stop_searching());
  EXPECT_TRUE(all.stop_searching());
}

TEST(idle, at_most_half_of_the_workers_search) {
  idle all(4);
  EXPECT_TRUE(all.start_searching());
  EXPECT_TRUE(all.start_searching());
  EXPECT_FALSE(all.start_searching());
  EXPECT_FALSE(all.stop_searching());
  EXPECT_TRUE(all.start_searching());
}

TEST(idle, a_searcher_that_parks_searches_no_more) {
  idle all(2);
  EXPECT_TRUE(all.start_searching());
  EXPECT_EQ(all.park(0, true), post::sentinel);
  EXPECT_EQ(all.take_one_to_wake(), 0u);
}

TEST(idle, the_last_to_park_is_the_first_to_wake_and_the_sentinel_the_last) {
  idle all(4);
  EXPECT_EQ(all.park(2, false), post::sentinel);
  EXPECT_EQ(all.park(0, false), post::sleeper);
  EXPECT_EQ(all.park(3, false), post::sleeper);
  EXPECT_EQ(take_and_find(all), 3u);
  EXPECT_EQ(take_and_find(all), 0u);
  EXPECT_EQ(take_and_find(all), 2u);
  EXPECT_EQ(take_and_find(all), nobody);
}

TEST(idle, the_last_one_awake_is_no_sentinel_because_nobody_is_left_to_be_looked_after) {
  idle one(1);
  EXPECT_EQ(one.park(0, false), post::sleeper);
  idle two(2);
  EXPECT_EQ(two.park(0, false), post::sentinel);
  EXPECT_EQ(take_and_find(two), 0u);
  EXPECT_EQ(two.park(1, false), post::sentinel);
  EXPECT_EQ(unpark(two, 0), woken);
  EXPECT_EQ(two.park(0, false), post::sleeper);
}

TEST(idle, there_is_one_sentinel_at_a_time) {
  idle all(4);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(unpark(all, 0), by_itself_unattended);
  EXPECT_EQ(all.park(2, false), post::sentinel);
  EXPECT_EQ(all.park(0, false), post::sleeper);
}

TEST(idle, a_worker_that_leaves_by_itself_is_not_taken_afterwards) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.park(2, false), post::sleeper);
  EXPECT_EQ(unpark(all, 1), by_itself);
  EXPECT_EQ(take_and_find(all), 2u);
  EXPECT_EQ(take_and_find(all), 0u);
  EXPECT_EQ(take_and_find(all), nobody);
}

TEST(idle, a_sentinel_that_leaves_sleepers_behind_is_told_to_wake_its_successor) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(unpark(all, 0), by_itself) << "nobody sleeps, so nobody can stand in";
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(unpark(all, 0), by_itself_unattended);
  EXPECT_EQ(all.sleeper_for_duty(), 1u);
  EXPECT_EQ(unpark(all, 1), by_itself);
  EXPECT_EQ(all.park(1, false), post::sentinel);
}

TEST(idle, the_sentinel_goes_on_while_any_worker_runs) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::next_round);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(all.after_round(0, round::at_length), duty::next_round) << "worker 2 still runs";
}

TEST(idle, the_sentinel_goes_off_duty_only_after_a_round_in_which_nobody_ran) {
  idle all(2);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.take_one_to_wake(), 1u);
  EXPECT_EQ(unpark(all, 1), woken);
  EXPECT_EQ(all.park(1, true), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::next_round)
      << "somebody ran during the round, though all sleep now";
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
  EXPECT_EQ(take_and_find(all), 0u) << "off duty it sleeps among the others, the last to have come";
  EXPECT_EQ(take_and_find(all), 1u);
}

TEST(idle, the_sentinel_goes_off_duty_only_after_a_long_round) {
  idle all(2);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::brief), duty::next_round);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
}

TEST(idle, who_parks_after_others_have_left_their_sleep_is_sentinel_though_all_sleep) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.park(2, false), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
  EXPECT_EQ(unpark(all, 1), by_itself_unattended);
  EXPECT_EQ(all.park(1, false), post::sleeper) << "nobody but itself has left";
  EXPECT_EQ(unpark(all, 1), by_itself_unattended);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(unpark(all, 2), by_itself_unattended) << "an alarm that was let ring";
  EXPECT_EQ(all.park(2, false), post::sentinel);
  EXPECT_EQ(unpark(all, 1), by_itself) << "it is attended from now on";
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.after_round(2, round::at_length), duty::next_round) << "somebody has left during the round";
  EXPECT_EQ(all.after_round(2, round::at_length), duty::off);
}

TEST(idle, a_sentinel_that_was_taken_during_its_round_is_relieved) {
  idle all(2);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.take_one_to_wake(), 0u);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::relieved);
  EXPECT_EQ(unpark(all, 0), woken);
  EXPECT_TRUE(all.stop_searching());
}

TEST(idle, who_leaves_by_itself_after_all_went_off_duty_has_somebody_stand_in) {
  idle all(2);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
  EXPECT_EQ(unpark(all, 1), by_itself_unattended);
  EXPECT_EQ(all.sleeper_for_duty(), 0u);
  EXPECT_EQ(unpark(all, 0), by_itself);
  EXPECT_EQ(all.park(0, false), post::sentinel);
}

TEST(idle, who_is_woken_after_all_went_off_duty_has_somebody_stand_in) {
  idle all(2);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
  EXPECT_EQ(all.take_one_to_wake(), 0u);
  EXPECT_EQ(unpark(all, 0), woken_unattended);
  EXPECT_EQ(all.sleeper_for_duty(), 1u);
  EXPECT_EQ(unpark(all, 1), by_itself);
  EXPECT_EQ(all.park(1, false), post::sentinel);
}

TEST(idle, who_was_chosen_for_duty_and_leaves_before_it_is_woken_is_told_that_nobody_is_on_it) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.park(2, false), post::sleeper);
  EXPECT_EQ(all.after_round(0, round::at_length), duty::off);
  EXPECT_EQ(unpark(all, 1), by_itself_unattended);
  EXPECT_EQ(all.sleeper_for_duty(), 0u);
  EXPECT_EQ(all.sleeper_for_duty(), 0u) << "it was not taken";
  EXPECT_EQ(all.take_one_to_wake(), 0u);
  EXPECT_EQ(unpark(all, 0), woken_unattended);
  EXPECT_EQ(all.sleeper_for_duty(), 2u);
  EXPECT_EQ(unpark(all, 2), by_itself) << "nobody sleeps any more";
}

TEST(idle, nobody_is_woken_for_duty_while_a_sentinel_is_on_it) {
  idle all(3);
  EXPECT_EQ(all.park(0, false), post::sentinel);
  EXPECT_EQ(all.park(1, false), post::sleeper);
  EXPECT_EQ(all.sleeper_for_duty(), nobody);
}

// Workers that are nothing but the protocol: a queue, a semaphore each, and no limit to any sleep. Publishers
// wait for each job before they publish the next, so that one lost wake-up hangs, and is seen.
class idle_hunt : public testing::TestWithParam<std::uint64_t> {
 protected:
  struct sleeper {
    std::counting_semaphore<> wakes{0};
  };

  void wake(std::optional<std::size_t> taken) {
    if (taken) sleepers_[*taken]->wakes.release();
  }
  void publish(job& ready) {
    queue_.push(ready);
    wake(idle_->take_one_to_wake());
  }

  void work(std::size_t self) {
    rng random(GetParam() * 64 + self);
    turn now;
    bool is_searching = false;
    bool owes_sentinel = false;
    const auto spin = [&] {
      for (std::uint32_t left = random.below(40); left > 0; --left) spin_pause();
    };
    while (!is_closing_.load(std::memory_order_acquire)) {
      job* next = queue_.pop();
      if (next == nullptr) {
        if (!is_searching) is_searching = idle_->start_searching();
        spin();
        next = queue_.pop();
      }
      if (next != nullptr) {
        if (is_searching) {
          is_searching = false;
          if (idle_->stop_searching() && !queue_.empty()) wake(idle_->take_one_to_wake());
        }
        if (std::exchange(owes_sentinel, false)) wake(idle_->sleeper_for_duty());
        next->run(*next, now);
        spin();
        continue;
      }
      static_cast<void>(idle_->park(self, is_searching));
      is_searching = false;
      // Now and then a worker leaves by itself, as it does for an event of its own.
      if (queue_.empty() && !is_closing_.load(std::memory_order_acquire) && random.below(8) != 0) {
        sleepers_[self]->wakes.acquire();
      }
      const idle::leaving how = idle_->unpark(self);
      is_searching = how.was_taken;
      owes_sentinel = how.is_unattended;
    }
  }

  void hunt(std::size_t workers, std::size_t publishers, std::size_t rounds) {
    idle_.emplace(workers);
    for (std::size_t i = 0; i < workers; ++i) sleepers_.push_back(std::make_unique<sleeper>());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([this, i] { work(i); });
    std::vector<std::thread> outside;
    std::atomic<bool> is_lost{false};
    for (std::size_t self = 0; self < publishers; ++self) {
      outside.emplace_back([&, self] {
        rng random(GetParam() * 64 + 32 + self);
        counting_job one, two;
        for (std::size_t i = 1; i <= rounds && !is_lost; ++i) {
          const int times = static_cast<int>(i);
          for (std::uint32_t left = random.below(200); left > 0; --left) spin_pause();
          publish(one);
          publish(two);
          if (test::eventually([&] { return is_lost || (one.times() == times && two.times() == times); }))
            continue;
          ADD_FAILURE() << "a wake-up was lost: seed " << GetParam() << ", round " << i;
          is_lost = true;
        }
        // A job that is still queued would be run after its end.
        static_cast<void>(test::eventually([&] { return one.times() == two.times() || is_lost; }));
      });
    }
    for (std::thread& each : outside) each.join();
    is_closing_.store(true, std::memory_order_release);
    for (auto& each : sleepers_) each->wakes.release();
    for (std::thread& each : threads) each.join();
  }

  std::optional<idle> idle_;
  inject_queue queue_;
  std::vector<std::unique_ptr<sleeper>> sleepers_;
  std::atomic<bool> is_closing_{false};
};

TEST_P(idle_hunt, one_worker_loses_no_wake_up) {
  hunt(1, 2, test::scaled(1500));
}

TEST_P(idle_hunt, two_workers_lose_no_wake_up) {
  hunt(2, 1, test::scaled(1500));
}

TEST_P(idle_hunt, four_workers_and_three_publishers_lose_no_wake_up) {
  hunt(4, 3, test::scaled(1500));
}

INSTANTIATE_TEST_SUITE_P(seeds, idle_hunt, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
