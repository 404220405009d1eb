// The timer wheel, against a model and against threads.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/reactor/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <source_location>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "weft/rt/base/rng.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/job_list.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::int64_t tick = timer_wheel::tick_ns;

struct counted_timer : timer {
  counted_timer() noexcept : timer(&count) {}
  static job* count(timer& due) noexcept {
    ++static_cast<counted_timer&>(due).times;
    return nullptr;
  }
  int times = 0;
};

timer_inserted arm(timer_wheel& wheel, timer& waiting, std::int64_t deadline) {
  waiting.prepare(wheel, deadline);
  return wheel.insert(waiting);
}

std::int64_t rounded_up(std::int64_t deadline) {
  return (deadline + tick - 1) / tick * tick;
}

TEST(timer_wheel, an_empty_wheel_has_no_deadline) {
  timer_wheel wheel(12345);
  job_list ready;
  EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
  EXPECT_EQ(wheel.expire(timer_wheel::never, ready), 0u);
}

TEST(timer_wheel, a_timer_expires_at_its_tick_and_never_before) {
  for (const std::int64_t deadline :
       {std::int64_t{1}, tick - 1, tick, tick + 1, 63 * tick, 64 * tick, 65 * tick + 7, 4095 * tick,
        4096 * tick + 1, std::int64_t{3'600'000'000'000}, std::int64_t{1} << 60}) {
    timer_wheel wheel(0);
    job_list ready;
    counted_timer waiting;
    EXPECT_EQ(arm(wheel, waiting, deadline), timer_inserted::earliest);
    wheel.expire(deadline - 1, ready);
    EXPECT_EQ(waiting.times, 0) << deadline;
    EXPECT_LE(wheel.next_deadline(), rounded_up(deadline));
    wheel.expire(rounded_up(deadline), ready);
    EXPECT_EQ(waiting.times, 1) << deadline;
    EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
  }
}

TEST(timer_wheel, a_deadline_in_the_past_expires_with_the_next_look) {
  timer_wheel wheel(1000 * tick);
  job_list ready;
  std::array<counted_timer, 3> waiting;
  static_cast<void>(arm(wheel, waiting[0], -5));
  static_cast<void>(arm(wheel, waiting[1], std::numeric_limits<std::int64_t>::min()));
  static_cast<void>(arm(wheel, waiting[2], 999 * tick));
  EXPECT_LE(wheel.next_deadline(), 1000 * tick);
  EXPECT_EQ(wheel.expire(1000 * tick, ready), 3u);
}

TEST(timer_wheel, the_largest_deadline_fits_and_can_be_cancelled) {
  timer_wheel wheel(1);
  job_list ready;
  counted_timer waiting;
  static_cast<void>(arm(wheel, waiting, std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(wheel.expire(std::int64_t{1} << 61, ready), 0u);
  EXPECT_TRUE(wheel.cancel(waiting));
  EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
}

TEST(timer_wheel, a_cancelled_timer_does_not_expire) {
  timer_wheel wheel(0);
  job_list ready;
  counted_timer waiting;
  static_cast<void>(arm(wheel, waiting, 5 * tick));
  EXPECT_TRUE(wheel.cancel(waiting));
  EXPECT_FALSE(wheel.cancel(waiting));
  EXPECT_EQ(wheel.expire(10 * tick, ready), 0u);
  EXPECT_EQ(waiting.times, 0);
}

TEST(timer_wheel, an_expired_timer_cannot_be_cancelled_but_used_again) {
  timer_wheel wheel(0);
  job_list ready;
  counted_timer waiting;
  static_cast<void>(arm(wheel, waiting, tick));
  wheel.expire(tick, ready);
  EXPECT_FALSE(wheel.cancel(waiting));
  static_cast<void>(arm(wheel, waiting, 3 * tick));
  wheel.expire(3 * tick, ready);
  EXPECT_EQ(waiting.times, 2);
}

TEST(timer_wheel, a_cancel_before_the_insert_makes_the_insert_fail_and_leaves_the_timer_to_the_inserter) {
  timer_wheel wheel(0);
  counted_timer waiting;
  waiting.prepare(wheel, tick);
  EXPECT_FALSE(wheel.cancel(waiting));
  EXPECT_EQ(wheel.insert(waiting), timer_inserted::refused);
  EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
}

TEST(timer_wheel, insert_tells_when_a_sleeper_would_sleep_too_long) {
  timer_wheel wheel(0);
  std::array<counted_timer, 4> waiting;
  EXPECT_EQ(arm(wheel, waiting[0], 500 * tick), timer_inserted::earliest);
  EXPECT_EQ(arm(wheel, waiting[1], 500 * tick), timer_inserted::later);
  EXPECT_EQ(arm(wheel, waiting[2], 600 * tick), timer_inserted::later);
  EXPECT_EQ(arm(wheel, waiting[3], 2 * tick), timer_inserted::earliest);
  for (counted_timer& each : waiting) EXPECT_TRUE(wheel.cancel(each));
}

// How often who sleeps from deadline to deadline wakes up before all of `count` timers, a tick apart, have expired.
int wakes_for(std::size_t count, std::int64_t first_deadline) {
  timer_wheel wheel(77 * tick);
  job_list ready;
  std::vector<counted_timer> waiting(count);
  std::int64_t deadline = first_deadline;
  for (counted_timer& each : waiting) static_cast<void>(arm(wheel, each, deadline += tick));
  int wakes = 0;
  while (wheel.size() != 0) {
    const std::int64_t next = wheel.next_deadline();
    EXPECT_LE(next, rounded_up(deadline));
    wheel.expire(next, ready);
    if (++wakes > 1000) break;
  }
  for (counted_timer& each : waiting) EXPECT_EQ(each.times, 1);
  return wakes;
}

TEST(timer_wheel, nobody_wakes_up_only_to_move_a_few_timers_down) {
  for (const std::int64_t length : {200 * tick, 10'000 * tick, std::int64_t{86'400'000'000'000}}) {
    for (const std::size_t count : {1u, 2u, 8u}) {
      EXPECT_EQ(wakes_for(count, 77 * tick + length), static_cast<int>(count)) << length;
    }
  }
}

TEST(timer_wheel, many_timers_that_are_far_away_are_moved_down_in_few_wakes) {
  EXPECT_LT(wakes_for(100, 77 * tick + 86'400'000'000'000), 100 + 20);
}

TEST(timer_wheel, a_hundred_thousand_timers_on_one_tick_all_expire) {
  timer_wheel wheel(0);
  job_list ready;
  std::vector<counted_timer> waiting(100'000);
  for (counted_timer& each : waiting) static_cast<void>(arm(wheel, each, 5000 * tick));
  EXPECT_EQ(wheel.expire(4999 * tick, ready), 0u);
  EXPECT_EQ(wheel.expire(5000 * tick, ready), waiting.size());
}

TEST(timer_wheel, random_timers_expire_as_a_sorted_list_says) {
  for (std::uint64_t seed = 1; seed <= test::scaled(10); ++seed) {
    SCOPED_TRACE(seed);
    rng random(seed);
    std::int64_t now = std::int64_t{random.below(1u << 30)} * 1000;
    timer_wheel wheel(now);
    job_list ready;
    constexpr std::size_t count = 500;
    std::vector<counted_timer> waiting(count);
    std::vector<bool> is_armed(count, false);
    for (int step = 0; step < 3000; ++step) {
      const std::size_t i = random.below(count);
      switch (random.below(4)) {
        case 0:
        case 1:
          if (!is_armed[i]) {
            const std::int64_t span = std::int64_t{1} << random.below(45);
            static_cast<void>(arm(wheel, waiting[i], now + span + random.below(1000)));
            is_armed[i] = true;
          }
          break;
        case 2:
          EXPECT_EQ(wheel.cancel(waiting[i]), is_armed[i]);
          is_armed[i] = false;
          break;
        default: {
          std::int64_t first = timer_wheel::never;
          for (std::size_t k = 0; k < count; ++k) {
            if (is_armed[k]) first = std::min(first, rounded_up(waiting[k].deadline_ns));
          }
          EXPECT_LE(wheel.next_deadline(), first);
          now += std::int64_t{1} << random.below(42);
          for (counted_timer& each : waiting) each.times = 0;
          wheel.expire(now, ready);
          for (std::size_t k = 0; k < count; ++k) {
            const bool is_due = is_armed[k] && rounded_up(waiting[k].deadline_ns) <= now / tick * tick;
            ASSERT_EQ(waiting[k].times, is_due ? 1 : 0);
            if (is_due) is_armed[k] = false;
          }
        }
      }
    }
    for (counted_timer& each : waiting) static_cast<void>(wheel.cancel(each));
    EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
  }
}

// A sleep as an awaiter would write it, on a chain of one frame that is never resumed: the test looks at the
// job.
struct sleeper : leaf_op, timer {
  sleeper() noexcept : leaf_op(kind, &chain), timer(&wake_up), leaf(std::source_location::current()) {}

  static cancel_outcome stop_sleeping(leaf_op& armed, job_list&) noexcept {
    auto& self = static_cast<sleeper&>(armed);
    return self.wheel->cancel(self) ? cancel_outcome::taken : cancel_outcome::completing;
  }
  static constexpr leaf_kind kind{"a test", &stop_sleeping};
  static job* wake_up(timer& due) noexcept {
    scope& waiting = static_cast<sleeper&>(due).chain;
    return waiting.finish() ? &waiting : nullptr;
  }
  void sleep(timer_wheel& home, std::int64_t deadline, job_list& ready) noexcept {
    prepare(home, deadline);
    if (!chain.arm(*this, leaf)) return ready.push_back(chain.to_unwind(leaf));
    if (home.insert(*this) != timer_inserted::refused) return;
    chain.to_unwind(leaf);
    if (chain.finish()) ready.push_back(chain);
  }

  scope chain;
  frame leaf;
};

TEST(timer_wheel, a_sleep_that_is_armed_stopped_and_due_at_once_hands_its_job_out_exactly_once) {
  const int rounds = static_cast<int>(test::scaled(1000));
  std::vector<std::unique_ptr<sleeper>> sleepers;
  for (int i = 0; i < rounds; ++i) sleepers.push_back(std::make_unique<sleeper>());
  timer_wheel wheel(0);
  std::atomic<int> round{-1};
  std::array<std::atomic<int>, 3> finished{-1, -1, -1};
  std::array<std::vector<job*>, 3> handed;

  auto party = [&](std::size_t who) {
    rng random(who + 1);
    for (int i = 0; i < rounds; ++i) {
      while (round.load(std::memory_order_acquire) < i) std::this_thread::yield();
      for (std::uint32_t spin = random.below(200); spin > 0; --spin)
        static_cast<void>(wheel.nothing_before());
      job_list ready;
      sleeper& mine = *sleepers[static_cast<std::size_t>(i)];
      const std::int64_t deadline = (i + 1) * 2 * tick;
      if (who == 0) mine.sleep(wheel, deadline, ready);
      if (who == 1) mine.chain.stop(ready);
      if (who == 2) wheel.expire(deadline, ready);
      while (job* each = ready.pop_front()) handed[who].push_back(each);
      finished[who].store(i, std::memory_order_release);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t who = 0; who < 3; ++who) threads.emplace_back(party, who);
  for (int i = 0; i < rounds; ++i) {
    round.store(i, std::memory_order_release);
    for (std::atomic<int>& each : finished) {
      while (each.load(std::memory_order_acquire) < i) std::this_thread::yield();
    }
    // Inserted after the expire and not stopped before: impossible, as the stop always comes.
    std::size_t total = 0;
    for (const std::vector<job*>& each : handed) total += each.size();
    ASSERT_EQ(total, static_cast<std::size_t>(i) + 1);
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(wheel.next_deadline(), timer_wheel::never);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
