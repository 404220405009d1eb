// shared_queue: several parts that lose nothing, keep each thread's order, and starve nobody.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/shared_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/jobs.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::size_t many_workers = 16;

// Calls `fn` on a thread of its own. Threads are numbered as they come: each pushes to another part than the one before.
template <class Fn>
void on_another_thread(Fn fn) {
  std::thread(fn).join();
}

TEST(shared_queue, few_workers_have_one_part_and_many_have_one_for_every_four) {
  EXPECT_EQ(shared_queue(1).parts(), 1u);
  EXPECT_EQ(shared_queue(7).parts(), 1u);
  EXPECT_EQ(shared_queue(8).parts(), 2u);
  EXPECT_EQ(shared_queue(many_workers).parts(), 4u);
  EXPECT_EQ(shared_queue(1024).parts(), shared_queue::most_parts);
}

TEST(shared_queue, what_one_thread_pushes_comes_out_in_its_order) {
  shared_queue queue(many_workers);
  std::array<counting_job, 6> jobs;
  for (std::size_t i = 0; i < 4; ++i) queue.push(jobs[i]);
  job_list two;
  two.push_back(jobs[4]);
  two.push_back(jobs[5]);
  queue.push_all(two);
  EXPECT_TRUE(two.empty());
  std::uint32_t ticket = 0;
  for (job& each : jobs) EXPECT_EQ(queue.pop(ticket++), &each);
  EXPECT_EQ(queue.pop(ticket), nullptr);
}

TEST(shared_queue, size_and_empty_tell_of_all_parts) {
  shared_queue queue(many_workers);
  std::array<counting_job, 4> jobs;
  EXPECT_TRUE(queue.empty());
  for (counting_job& each : jobs) {
    on_another_thread([&] { queue.push(each); });
  }
  EXPECT_EQ(queue.size(), jobs.size());
  for (std::size_t left = jobs.size(); left > 0; --left) {
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(queue.size(), left);
    EXPECT_NE(queue.pop(0), nullptr);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(shared_queue, a_part_that_is_flooded_does_not_starve_the_others) {
  shared_queue queue(many_workers);
  std::vector<counting_job> flood(100);
  on_another_thread([&] {
    for (counting_job& each : flood) queue.push(each);
  });
  std::array<counting_job, 3> victims;  // one in each other part
  for (counting_job& each : victims) {
    on_another_thread([&] { queue.push(each); });
  }
  std::size_t found = 0;
  for (std::uint32_t ticket = 0; ticket < queue.parts(); ++ticket) {
    const job* const next = queue.pop(ticket);
    for (const counting_job& each : victims) found += next == &each;
  }
  EXPECT_EQ(found, victims.size()) << "each part has its turn";
  while (queue.pop(0) != nullptr) {
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
