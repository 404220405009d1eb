// The deque of forked children: both ends in order, and each item exactly once whoever takes it.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/fork_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(fork_queue, the_owner_takes_the_youngest_and_a_thief_the_oldest) {
  fork_queue queue;
  std::array<counting_job, 4> jobs;
  for (job& each : jobs) queue.push(each);
  EXPECT_EQ(queue.steal(), &jobs[0]);
  EXPECT_EQ(queue.pop(), &jobs[3]);
  EXPECT_EQ(queue.steal(), &jobs[1]);
  EXPECT_EQ(queue.pop(), &jobs[2]);
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.steal(), nullptr);
}

TEST(fork_queue, pop_within_takes_the_youngest_if_it_stands_in_the_block_and_nothing_else) {
  fork_queue queue;
  std::array<counting_job, 3> jobs;
  const auto pop_one_of = [&](std::size_t first, std::size_t last) {
    return queue.pop_within(&jobs[first], jobs.data() + last);
  };
  EXPECT_EQ(pop_one_of(0, 3), nullptr);
  for (job& each : jobs) queue.push(each);
  EXPECT_EQ(pop_one_of(0, 2), nullptr);
  EXPECT_EQ(pop_one_of(2, 3), &jobs[2]);
  EXPECT_EQ(pop_one_of(0, 3), &jobs[1]);
  EXPECT_EQ(queue.steal(), &jobs[0]);
  // The slot still names it.
  EXPECT_EQ(pop_one_of(0, 3), nullptr);
}

TEST(fork_queue, steal_above_takes_the_oldest_only_if_it_was_pushed_after_the_mark) {
  fork_queue queue;
  std::array<counting_job, 3> jobs;
  queue.push(jobs[0]);
  const std::int64_t mark = queue.mark();
  EXPECT_EQ(queue.steal_above(mark), nullptr);
  queue.push(jobs[1]);
  EXPECT_EQ(queue.steal_above(mark), nullptr) << "an older one stands before it";
  EXPECT_EQ(queue.steal(), &jobs[0]);
  EXPECT_EQ(queue.steal_above(mark), &jobs[1]);
  EXPECT_EQ(queue.steal_above(mark), nullptr);
  EXPECT_EQ(queue.mark(), mark + 1);
}

// Takes from a queue of so many; how many went into the thief's own.
std::size_t taken_along(std::size_t count, fork_queue& own) {
  static int fences;
  fences = 0;
  fork_queue queue(1024, []() noexcept { ++fences; });
  std::vector<counting_job> jobs(count);
  for (job& each : jobs) queue.push(each);
  const std::size_t before = own.size();
  EXPECT_EQ(queue.steal_into(own), &jobs[0]);
  EXPECT_EQ(fences, 1);
  const std::size_t along = own.size() - before;
  EXPECT_EQ(queue.size(), count - 1 - along);
  for (std::size_t i = along; i > 0; --i) EXPECT_EQ(own.pop(), &jobs[i]);
  return along;
}

TEST(fork_queue, steal_into_takes_one_of_a_short_queue_and_an_eighth_of_a_long_one_by_one_fence) {
  fork_queue own;
  EXPECT_EQ(taken_along(1, own), 0);
  EXPECT_EQ(taken_along(15, own), 0);
  EXPECT_EQ(taken_along(16, own), 1);
  EXPECT_EQ(taken_along(80, own), 9);
  EXPECT_EQ(taken_along(1'000, own), 31) << "no more, however long it is";
}

TEST(fork_queue, steal_into_takes_no_more_than_its_own_queue_has_room_for) {
  fork_queue own(4);
  counting_job mine;
  own.push(mine);
  EXPECT_EQ(taken_along(160, own), 3);
  EXPECT_EQ(own.pop(), &mine);
}

TEST(fork_queue, an_emptied_queue_works_on_from_either_end) {
  fork_queue queue(2);
  counting_job only;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(queue.empty());
    queue.push(only);
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(i % 2 == 0 ? queue.pop() : queue.steal(), &only);
    EXPECT_EQ(queue.pop(), nullptr);
    EXPECT_EQ(queue.steal(), nullptr);
  }
}

TEST(fork_queue, growing_keeps_order_from_any_turn_of_the_ring) {
  for (std::size_t offset = 0; offset < 5; ++offset) {
    fork_queue queue(4);
    counting_job filler;
    for (std::size_t i = 0; i < offset; ++i) {
      queue.push(filler);
      EXPECT_EQ(queue.steal(), &filler);
    }
    std::vector<counting_job> jobs(100);
    for (job& each : jobs) queue.push(each);
    for (std::size_t i = 0; i < 50; ++i) ASSERT_EQ(queue.steal(), &jobs[i]) << "offset " << offset;
    for (std::size_t i = 100; i > 50; --i) ASSERT_EQ(queue.pop(), &jobs[i - 1]) << "offset " << offset;
    EXPECT_TRUE(queue.empty());
  }
}

// The owner pushes and pops in bursts, thieves steal all the time; small rings, so that they grow meanwhile.
class fork_queue_seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(fork_queue_seeds, each_item_is_taken_exactly_once_by_owner_or_thief_while_the_ring_grows) {
  const std::size_t rounds = test::scaled(150);
  for (std::size_t round = 0; round < rounds; ++round) {
    rng random(GetParam() * 1000 + round);
    std::vector<counting_job> jobs(100 + random.below(900));
    fork_queue queue(2);
    std::atomic<bool> is_over{false};
    const auto take = [](job* taken) {
      turn now;
      if (taken != nullptr) taken->run(*taken, now);
      return taken != nullptr;
    };
    std::vector<std::thread> thieves;
    for (int i = 0; i < 2; ++i) {
      thieves.emplace_back([&] {
        backoff pause;
        while (!is_over.load(std::memory_order_acquire)) {
          if (!take(queue.steal())) pause.pause();
        }
        while (take(queue.steal())) {
        }
      });
    }
    for (std::size_t pushed = 0; pushed < jobs.size();) {
      for (std::uint32_t burst = 1 + random.below(8); burst > 0 && pushed < jobs.size(); --burst) {
        queue.push(jobs[pushed++]);
      }
      for (std::uint32_t burst = random.below(8); burst > 0; --burst) {
        take(queue.pop());
      }
    }
    while (take(queue.pop())) {
    }
    is_over.store(true, std::memory_order_release);
    for (std::thread& each : thieves) each.join();
    EXPECT_TRUE(queue.empty());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      ASSERT_EQ(jobs[i].times(), 1) << "item " << i << ", seed " << GetParam() << ", round " << round;
    }
  }
}

// The place where the algorithm is delicate: one item, the owner and two thieves.
TEST_P(fork_queue_seeds, the_last_item_goes_to_one_of_owner_and_two_thieves) {
  const std::size_t rounds = test::scaled(60'000);
  fork_queue queue(2);
  std::vector<counting_job> jobs(rounds);
  std::atomic<bool> is_over{false};
  std::vector<std::thread> thieves;
  for (int i = 0; i < 2; ++i) {
    thieves.emplace_back([&] {
      turn now;
      while (!is_over.load(std::memory_order_acquire)) {
        if (job* taken = queue.steal()) taken->run(*taken, now);
      }
    });
  }
  rng random(GetParam());
  turn now;
  for (std::size_t i = 0; i < rounds; ++i) {
    queue.push(jobs[i]);
    for (std::uint32_t spin = random.below(32); spin > 0; --spin) spin_pause();
    if (job* taken = queue.pop()) taken->run(*taken, now);
  }
  is_over.store(true, std::memory_order_release);
  for (std::thread& each : thieves) each.join();
  for (std::size_t i = 0; i < rounds; ++i)
    ASSERT_EQ(jobs[i].times(), 1) << "item " << i << ", seed " << GetParam();
}

TEST_P(fork_queue_seeds, what_was_written_before_a_push_is_seen_by_the_thief) {
  const std::size_t rounds = test::scaled(30'000);
  struct written : job {
    std::size_t value = 0;  // no atomic: the queue publishes it
  };
  fork_queue queue(4);
  std::vector<written> jobs(rounds);
  std::size_t stolen = 0;
  std::atomic<bool> is_over{false};
  std::thread thief([&] {
    for (;;) {
      const bool was_over = is_over.load(std::memory_order_acquire);
      if (job* taken = queue.steal()) {
        const auto& own = static_cast<written&>(*taken);
        EXPECT_EQ(own.value, static_cast<std::size_t>(&own - jobs.data()) + 1);
        ++stolen;
      } else if (was_over) {
        return;
      }
    }
  });
  rng random(GetParam());
  std::size_t popped = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    jobs[i].value = i + 1;
    queue.push(jobs[i]);
    if (random.below(3) == 0 && queue.pop() != nullptr) ++popped;
  }
  is_over.store(true, std::memory_order_release);
  thief.join();
  EXPECT_EQ(stolen + popped, rounds);
}

INSTANTIATE_TEST_SUITE_P(seeds, fork_queue_seeds, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
