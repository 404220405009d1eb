// Jobs in a row: what goes in comes out once and in order, however lists are joined.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/job_list.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "tests/support/jobs.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(job_list, jobs_come_out_in_the_order_in_which_they_went_in) {
  job_list row;
  std::array<counting_job, 3> jobs;
  for (job& each : jobs) row.push_back(each);
  EXPECT_EQ(row.size(), 3u);
  for (job& each : jobs) EXPECT_EQ(row.pop_front(), &each);
  EXPECT_EQ(row.size(), 0u);
  EXPECT_TRUE(row.empty());
  EXPECT_EQ(row.pop_front(), nullptr);
}

TEST(job_list, splice_moves_all_behind_our_own_and_leaves_the_other_empty) {
  for (int ours = 0; ours < 3; ++ours) {
    for (int theirs = 0; theirs < 3; ++theirs) {
      std::array<counting_job, 4> jobs;
      job_list row, other;
      for (int i = 0; i < ours; ++i) row.push_back(jobs[i]);
      for (int i = 0; i < theirs; ++i) other.push_back(jobs[ours + i]);
      row.splice(other);
      EXPECT_TRUE(other.empty());
      EXPECT_EQ(other.size(), 0u);
      EXPECT_EQ(row.size(), static_cast<std::size_t>(ours + theirs));
      for (int i = 0; i < ours + theirs; ++i)
        EXPECT_EQ(row.pop_front(), &jobs[i]) << ours << " and " << theirs;
      EXPECT_EQ(row.pop_front(), nullptr);
    }
  }
}

TEST(job_list, both_lists_of_a_splice_stay_usable) {
  std::array<counting_job, 4> jobs;
  job_list row, other;
  row.push_back(jobs[0]);
  other.push_back(jobs[1]);
  row.splice(other);
  other.push_back(jobs[3]);
  row.push_back(jobs[2]);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(row.pop_front(), &jobs[i]);
  EXPECT_EQ(other.pop_front(), &jobs[3]);
}

TEST(job_list, a_moved_list_leaves_nothing_behind) {
  std::array<counting_job, 2> jobs;
  job_list from;
  for (job& each : jobs) from.push_back(each);
  job_list to(std::move(from));
  EXPECT_EQ(to.size(), 2u);
  EXPECT_EQ(from.pop_front(), nullptr);  // NOLINT(bugprone-use-after-move): what is left is the claim
  EXPECT_EQ(drop_all(to), 2);
}

TEST(job_list, a_job_may_stand_in_line_again_once_it_is_out) {
  counting_job again;
  job_list row;
  for (int i = 0; i < 3; ++i) {
    row.push_back(again);
    EXPECT_EQ(row.pop_front(), &again);
    EXPECT_TRUE(row.empty());
  }
}

#if WEFT_DEBUG && GTEST_HAS_DEATH_TEST
TEST(job_list, dropping_ready_jobs_is_reported_in_debug_builds) {
  EXPECT_DEATH(
      {
        counting_job lost;
        job_list row;
        row.push_back(lost);
      },
      "a list of ready jobs was dropped");
}
#endif

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
