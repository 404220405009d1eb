// A worker's ready tasks: in order for the owner, half for a thief, the older half out when it is full.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/run_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::size_t capacity = run_queue::capacity;

struct run_queue_test : testing::Test {
  void fill(run_queue& queue, std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) queue.push_or_overflow(jobs[i], overflow);
  }
  std::vector<counting_job> jobs = std::vector<counting_job>(4 * capacity);
  job_list overflow;
};

TEST_F(run_queue_test, the_owner_takes_the_oldest_first) {
  run_queue queue;
  fill(queue, 0, capacity);
  EXPECT_TRUE(overflow.empty()) << "a queue that has room overflows nothing";
  for (std::size_t i = 0; i < capacity; ++i) ASSERT_EQ(queue.pop(), &jobs[i]);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(run_queue_test, the_owner_takes_one_that_it_names_if_that_is_the_oldest) {
  run_queue queue;
  EXPECT_FALSE(queue.pop_if_oldest(jobs[0])) << "an empty queue";
  fill(queue, 0, 3);
  EXPECT_FALSE(queue.pop_if_oldest(jobs[1]));
  EXPECT_TRUE(queue.pop_if_oldest(jobs[0]));
  EXPECT_FALSE(queue.pop_if_oldest(jobs[0])) << "it is out";
  EXPECT_TRUE(queue.pop_if_oldest(jobs[1]));
  EXPECT_EQ(queue.pop(), &jobs[2]);
  EXPECT_FALSE(queue.pop_if_oldest(jobs[2])) << "still in its slot, but out";
}

TEST_F(run_queue_test, a_full_queue_takes_no_more) {
  run_queue queue;
  for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(queue.push(jobs[i]));
  EXPECT_FALSE(queue.push(jobs[capacity]));
  EXPECT_EQ(queue.pop(), &jobs[0]);
  EXPECT_TRUE(queue.push(jobs[capacity]));
  for (std::size_t i = 1; i <= capacity; ++i) ASSERT_EQ(queue.pop(), &jobs[i]);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(run_queue_test, a_full_queue_hands_out_its_older_half_and_the_new_job_behind_it) {
  run_queue queue;
  fill(queue, 0, capacity + 1);
  EXPECT_EQ(overflow.size(), capacity / 2 + 1);
  for (std::size_t i = 0; i < capacity / 2; ++i) ASSERT_EQ(overflow.pop_front(), &jobs[i]);
  EXPECT_EQ(overflow.pop_front(), &jobs[capacity]);
  for (std::size_t i = capacity / 2; i < capacity; ++i) ASSERT_EQ(queue.pop(), &jobs[i]);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(run_queue_test, a_thief_takes_the_older_half_and_gets_the_oldest_in_its_hand) {
  for (std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, capacity}) {
    run_queue theirs, mine;
    fill(theirs, 0, count);
    ASSERT_TRUE(mine.has_room_for_half());
    EXPECT_EQ(theirs.steal_half_into(mine), &jobs[0]) << count;
    const std::size_t taken = count - count / 2;
    for (std::size_t i = 1; i < taken; ++i) ASSERT_EQ(mine.pop(), &jobs[i]) << count;
    EXPECT_EQ(mine.pop(), nullptr) << count;
    for (std::size_t i = taken; i < count; ++i) ASSERT_EQ(theirs.pop(), &jobs[i]) << count;
    EXPECT_EQ(theirs.pop(), nullptr) << count;
  }
}

TEST_F(run_queue_test, an_empty_queue_gives_a_thief_nothing) {
  run_queue theirs, mine;
  EXPECT_EQ(theirs.steal_half_into(mine), nullptr);
  EXPECT_TRUE(mine.empty());
}

TEST_F(run_queue_test, there_is_room_for_half_of_another_exactly_up_to_half) {
  run_queue queue;
  fill(queue, 0, capacity / 2);
  EXPECT_TRUE(queue.has_room_for_half());
  fill(queue, capacity / 2, 1);
  EXPECT_FALSE(queue.has_room_for_half());
  EXPECT_NE(queue.pop(), nullptr);
  EXPECT_TRUE(queue.has_room_for_half());
}

TEST_F(run_queue_test, the_most_that_a_thief_may_hold_still_fits_half_of_a_full_queue) {
  run_queue theirs, mine;
  fill(theirs, 0, capacity);
  fill(mine, capacity, capacity / 2);
  ASSERT_TRUE(mine.has_room_for_half());
  EXPECT_EQ(theirs.steal_half_into(mine), &jobs[0]);
  for (std::size_t i = 0; i < capacity / 2; ++i) ASSERT_EQ(mine.pop(), &jobs[capacity + i]);
  for (std::size_t i = 1; i < capacity / 2; ++i) ASSERT_EQ(mine.pop(), &jobs[i]);
  EXPECT_EQ(mine.pop(), nullptr);
  EXPECT_TRUE(overflow.empty());
}

TEST_F(run_queue_test, order_survives_many_turns_of_the_ring) {
  run_queue queue;
  std::size_t in = 0, out = 0;
  rng random(5);
  for (int i = 0; i < 20'000; ++i) {
    for (std::uint32_t n = random.below(6); n > 0 && in - out < capacity; --n) {
      queue.push_or_overflow(jobs[in++ % jobs.size()], overflow);
    }
    for (std::uint32_t n = random.below(6); n > 0 && out < in; --n) {
      ASSERT_EQ(queue.pop(), &jobs[out++ % jobs.size()]);
    }
  }
  EXPECT_TRUE(overflow.empty());
  while (out < in) ASSERT_EQ(queue.pop(), &jobs[out++ % jobs.size()]);
}

// The owner floods its queue while two thieves, who also steal from each other, empty it: each job is run by
// exactly one of them, or overflows, and what was written before the push is seen by whoever has it.
class run_queue_seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(run_queue_seeds, each_job_is_taken_once_by_owner_thief_or_overflow) {
  struct written : counting_job {
    std::uint64_t value = 0;  // no atomic: the queues publish it
  };
  const std::size_t rounds = test::scaled(60);
  for (std::size_t round = 0; round < rounds; ++round) {
    rng random(GetParam() * 1000 + round);
    std::vector<written> jobs(6000);
    run_queue owned;
    run_queue thieves_own[2];
    std::atomic<std::size_t> taken{0};
    std::size_t overflown = 0;
    const auto run = [&](job* ready) {
      turn now;
      EXPECT_EQ(static_cast<written&>(*ready).value, 17u);
      ready->run(*ready, now);
      taken.fetch_add(1, std::memory_order_acq_rel);
    };
    std::vector<std::thread> thieves;
    for (std::size_t self = 0; self < 2; ++self) {
      thieves.emplace_back([&, self] {
        run_queue& mine = thieves_own[self];
        for (std::size_t i = 0; taken.load(std::memory_order_acquire) < jobs.size(); ++i) {
          job* next = mine.pop();
          if (next == nullptr && mine.has_room_for_half()) {
            next = (i % 4 == 0 ? thieves_own[1 - self] : owned).steal_half_into(mine);
          }
          if (next != nullptr) {
            run(next);
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
    for (std::size_t pushed = 0; pushed < jobs.size();) {
      job_list overflow;
      for (std::uint32_t burst = 1 + random.below(300); burst > 0 && pushed < jobs.size(); --burst) {
        jobs[pushed].value = 17;
        owned.push_or_overflow(jobs[pushed++], overflow);
      }
      while (job* out = overflow.pop_front()) {
        run(out);
        ++overflown;
      }
      for (std::uint32_t burst = random.below(100); burst > 0; --burst) {
        if (job* next = owned.pop()) run(next);
      }
    }
    while (job* next = owned.pop()) run(next);
    for (std::thread& each : thieves) each.join();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      ASSERT_EQ(jobs[i].times(), 1) << "job " << i << ", seed " << GetParam() << ", round " << round;
    }
    RecordProperty("overflown", static_cast<int>(overflown));
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, run_queue_seeds, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
