// The shared queue: in order, from any thread, nothing lost. SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/inject_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(inject_queue, jobs_and_lists_of_jobs_come_out_in_the_order_in_which_they_came) {
  inject_queue queue;
  std::array<counting_job, 4> jobs;
  queue.push(jobs[0]);
  job_list two;
  two.push_back(jobs[1]);
  two.push_back(jobs[2]);
  queue.push_all(two);
  EXPECT_TRUE(two.empty());
  queue.push(jobs[3]);
  for (job& each : jobs) EXPECT_EQ(queue.pop(), &each);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(inject_queue, it_is_empty_exactly_when_it_holds_nothing) {
  inject_queue queue;
  counting_job only;
  job_list none;
  EXPECT_TRUE(queue.empty());
  queue.push_all(none);
  EXPECT_TRUE(queue.empty());
  queue.push(only);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.pop(), &only);
  EXPECT_TRUE(queue.empty());
}

TEST(inject_queue, two_pushers_and_two_takers_lose_nothing_and_keep_each_pushers_order) {
  const std::size_t count = test::scaled(40'000);
  struct numbered : counting_job {
    std::size_t number = 0;  // no atomic: the queue publishes it
  };
  std::array<std::vector<numbered>, 2> jobs{std::vector<numbered>(count), std::vector<numbered>(count)};
  inject_queue queue;
  std::atomic<std::size_t> taken{0};
  std::vector<std::thread> threads;
  for (auto& own : jobs) {
    threads.emplace_back([&] {
      job_list several;
      for (std::size_t i = 0; i < count; ++i) {
        own[i].number = i + 1;
        if (i % 3 == 0) {
          queue.push_all(several);
          queue.push(own[i]);
        } else {
          several.push_back(own[i]);
        }
      }
      queue.push_all(several);
    });
    threads.emplace_back([&] {
      turn now;
      std::array<std::size_t, 2> last{};
      while (taken.load(std::memory_order_acquire) < 2 * count) {
        job* next = queue.pop();
        if (next == nullptr) {
          std::this_thread::yield();
          continue;
        }
        auto& one = static_cast<numbered&>(*next);
        const bool is_second = &one >= jobs[1].data() && &one < jobs[1].data() + count;
        EXPECT_LT(last[is_second], one.number);
        last[is_second] = one.number;
        one.run(one, now);
        taken.fetch_add(1, std::memory_order_acq_rel);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (auto& own : jobs) {
    for (counting_job& each : own) ASSERT_EQ(each.times(), 1);
  }
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
