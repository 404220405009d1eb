// A spawned task and its handle: each transition says what is owed, and in a race each thing is owed once.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/lifecycle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using duty = lifecycle::duty;
using wait_outcome = lifecycle::wait_outcome;

TEST(lifecycle, completed_and_then_let_go_the_handle_destroys) {
  lifecycle life;
  EXPECT_FALSE(life.is_done());
  EXPECT_EQ(life.complete().owed, duty::nothing);
  EXPECT_TRUE(life.is_done());
  EXPECT_EQ(life.release(), duty::destroy);
}

TEST(lifecycle, let_go_and_then_completed_the_task_destroys) {
  lifecycle life;
  EXPECT_EQ(life.release(), duty::nothing);
  EXPECT_FALSE(life.is_done());
  EXPECT_EQ(life.complete().owed, duty::destroy);
}

TEST(lifecycle, completion_owes_the_waiter_its_resumption) {
  lifecycle life;
  scope waiter;
  EXPECT_EQ(life.wait(waiter), wait_outcome::waits);
  const lifecycle::completion completed = life.complete();
  EXPECT_EQ(completed.owed, duty::wake_waiter);
  EXPECT_EQ(completed.waiter, &waiter);
  EXPECT_EQ(life.release(), duty::destroy);
}

TEST(lifecycle, who_comes_after_completion_need_not_wait) {
  lifecycle life;
  scope waiter;
  EXPECT_EQ(life.complete().owed, duty::nothing);
  EXPECT_EQ(life.wait(waiter), wait_outcome::done);
  EXPECT_EQ(life.wait(waiter), wait_outcome::done) << "done is never left";
  EXPECT_FALSE(life.give_up(waiter));
  EXPECT_TRUE(life.is_done());
}

TEST(lifecycle, a_waiter_that_gave_up_is_owed_nothing_and_may_be_followed_by_another) {
  lifecycle life;
  scope first, second;
  EXPECT_EQ(life.wait(first), wait_outcome::waits);
  EXPECT_TRUE(life.give_up(first));
  EXPECT_EQ(life.wait(second), wait_outcome::waits);
  EXPECT_EQ(life.complete().waiter, &second);
}

TEST(lifecycle, a_waiter_that_gave_up_leaves_completion_and_release_as_they_were) {
  {
    lifecycle life;
    scope waiter;
    EXPECT_EQ(life.wait(waiter), wait_outcome::waits);
    EXPECT_TRUE(life.give_up(waiter));
    EXPECT_EQ(life.complete().owed, duty::nothing);
    EXPECT_EQ(life.release(), duty::destroy);
  }
  {
    lifecycle life;
    scope waiter;
    EXPECT_EQ(life.wait(waiter), wait_outcome::waits);
    EXPECT_TRUE(life.give_up(waiter));
    EXPECT_EQ(life.release(), duty::nothing);
    EXPECT_EQ(life.complete().owed, duty::destroy);
  }
}

TEST(lifecycle, giving_up_after_completion_says_that_the_waiter_is_being_woken) {
  lifecycle life;
  scope waiter;
  EXPECT_EQ(life.wait(waiter), wait_outcome::waits);
  EXPECT_EQ(life.complete().owed, duty::wake_waiter);
  EXPECT_FALSE(life.give_up(waiter));
}

TEST(lifecycle, a_waiter_whose_stop_was_faster_hears_of_it_once) {
  lifecycle life;
  scope waiter;
  EXPECT_FALSE(life.give_up(waiter)) << "it has not come yet, and will be told";
  EXPECT_EQ(life.wait(waiter), wait_outcome::stopped);
  EXPECT_EQ(life.wait(waiter), wait_outcome::waits) << "nothing stays behind";
  EXPECT_EQ(life.complete().waiter, &waiter);
}

TEST(lifecycle, completion_between_a_stop_and_its_waiter_wins) {
  lifecycle life;
  scope waiter;
  EXPECT_FALSE(life.give_up(waiter));
  EXPECT_EQ(life.complete().owed, duty::nothing);
  EXPECT_EQ(life.wait(waiter), wait_outcome::done);
  EXPECT_EQ(life.release(), duty::destroy);
}

TEST(lifecycle, after_a_stopped_wait_the_handle_may_be_dropped) {
  lifecycle life;
  scope waiter;
  EXPECT_FALSE(life.give_up(waiter));
  EXPECT_EQ(life.wait(waiter), wait_outcome::stopped);
  EXPECT_EQ(life.release(), duty::nothing);
  EXPECT_EQ(life.complete().owed, duty::destroy);
}

#if GTEST_HAS_DEATH_TEST
TEST(lifecycle, a_second_waiter_and_a_drop_during_a_wait_are_broken_rules) {
  lifecycle life;
  scope first, second;
  EXPECT_EQ(life.wait(first), wait_outcome::waits);
  EXPECT_DEATH(static_cast<void>(life.wait(second)), "awaited by one task at a time");
  EXPECT_DEATH(static_cast<void>(life.release()), "destroyed while it was awaited");
}
#endif

// --- threads

// Each thread does its act in each round, all of them at about the same moment.
void race(std::uint64_t seed, int rounds, const std::vector<std::function<void(int)>>& acts) {
  std::atomic<int> arrived{0};
  const int count = static_cast<int>(acts.size());
  std::vector<std::thread> threads;
  for (int self = 0; self < count; ++self) {
    threads.emplace_back([&, self] {
      rng random(seed * 8 + static_cast<std::uint64_t>(self));
      for (int i = 0; i < rounds; ++i) {
        arrived.fetch_add(1, std::memory_order_acq_rel);
        for (backoff pause; arrived.load(std::memory_order_acquire) < (i + 1) * count;) pause.pause();
        for (std::uint32_t spin = random.below(24); spin > 0; --spin) spin_pause();
        acts[self](i);
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

class lifecycle_seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(lifecycle_seeds, completion_and_release_at_once_destroy_exactly_once_and_see_the_outcome) {
  const int rounds = static_cast<int>(test::scaled(10'000));
  struct game {
    lifecycle life;
    int outcome = 0;  // no atomic: complete() publishes it
    std::atomic<int> destroyed{0};
  };
  std::deque<game> games(static_cast<std::size_t>(rounds));
  race(GetParam(), rounds,
       {[&](int i) {
          games[i].outcome = i + 1;
          if (games[i].life.complete().owed == duty::destroy) games[i].destroyed.fetch_add(1);
        },
        [&](int i) {
          if (games[i].life.release() != duty::destroy) return;
          EXPECT_EQ(games[i].outcome, i + 1);
          games[i].destroyed.fetch_add(1);
        }});
  for (int i = 0; i < rounds; ++i)
    ASSERT_EQ(games[i].destroyed, 1) << "round " << i << ", seed " << GetParam();
}

// The whole story of an await that may be stopped: the scope's word and the lifecycle together. The waiter arms
// and comes, the task completes, a canceller stops the waiter.
TEST_P(lifecycle_seeds, wait_completion_and_stop_at_once_hand_the_waiter_out_exactly_once) {
  const int rounds = static_cast<int>(test::scaled(5000));
  struct game : leaf_op {
    game() noexcept : leaf_op(kind(), &own) {}
    static cancel_outcome on_cancel(leaf_op& self, job_list&) noexcept {
      auto& now = static_cast<game&>(self);
      return now.life.give_up(now.own) ? cancel_outcome::taken : cancel_outcome::completing;
    }
    static const leaf_kind& kind() noexcept {
      static constexpr leaf_kind made{"a test", &on_cancel};
      return made;
    }
    void hand_out(bool by_waiter_itself) {
      handed_out.fetch_add(1);
      if (by_waiter_itself) went_on_itself = true;
    }
    lifecycle life;
    scope own;
    frame leaf{std::source_location::current()};
    int outcome = 0;  // no atomic: complete() publishes it
    bool went_on_itself = false;
    bool was_armed = false;
    std::atomic<int> handed_out{0};
  };
  std::deque<game> games(static_cast<std::size_t>(rounds));
  race(GetParam(), rounds,
       {[&](int i) {  // the waiter
          game& now = games[i];
          if (!now.own.arm(now, now.leaf)) {
            now.own.to_unwind(now.leaf);
            now.hand_out(true);
            return;
          }
          now.was_armed = true;
          switch (now.life.wait(now.own)) {
            case wait_outcome::waits:
              break;
            case wait_outcome::done:
              EXPECT_EQ(now.outcome, i + 1);
              if (now.own.finish()) now.hand_out(true);
              break;
            case wait_outcome::stopped:
              now.own.to_unwind(now.leaf);
              if (now.own.finish()) now.hand_out(true);
              break;
          }
        },
        [&](int i) {  // the task
          game& now = games[i];
          now.outcome = i + 1;
          const lifecycle::completion completed = now.life.complete();
          EXPECT_NE(completed.owed, duty::destroy);
          if (completed.owed == duty::wake_waiter && completed.waiter->finish()) now.hand_out(false);
        },
        [&](int i) {  // the canceller
          job_list ready;
          games[i].own.stop(ready);
          while (ready.pop_front() != nullptr) games[i].hand_out(false);
        }});
  int unwound = 0;
  for (int i = 0; i < rounds; ++i) {
    game& now = games[i];
    ASSERT_EQ(now.handed_out, 1) << "round " << i << ", seed " << GetParam();
    ASSERT_TRUE(now.life.is_done()) << "round " << i << ", seed " << GetParam();
    ASSERT_EQ(now.life.release(), duty::destroy);
    if (now.own.run == &scope::unwind_job) ++unwound;
  }
  RecordProperty("unwound", unwound);
}

INSTANTIATE_TEST_SUITE_P(seeds, lifecycle_seeds, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
