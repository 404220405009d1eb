// Who has been in one job for too long, with the times handed in; and the lines that a person gets of it.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "weft/rt/blocked_reporter.h"
#include "weft/rt/reactor/backend.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::int64_t ms = 1'000'000;

struct watch_test : testing::Test {
  watch_test() : turns(2) {
    for (turn& each : turns) {
      std::unique_ptr<backend> io;
      EXPECT_FALSE(make_backend(backend_kind::system_default, io));
      stations.push_back(std::make_unique<station>(std::move(io)));
      stations.back()->at = &each;
    }
  }
  bool look(std::int64_t at_ms) { return watching.look(stations, at_ms * ms); }
  std::size_t told() {
    watching.tell_news();
    return seen.size();
  }

  std::vector<turn> turns;
  station_list stations;
  std::vector<sighting> seen;
  watch watching{2, {.patience_ns = 10 * ms, .tell = [this](const sighting& one) { seen.push_back(one); }}};
};

TEST_F(watch_test, tells_once_of_a_job_that_two_looks_have_seen_so_far_apart) {
  turns[1].begin_job();
  EXPECT_FALSE(look(100));
  EXPECT_FALSE(look(109));
  EXPECT_TRUE(look(112));
  ASSERT_EQ(told(), 1u);
  EXPECT_EQ(seen[0].worker, 1u);
  EXPECT_EQ(seen[0].at_least_ns, 12 * ms);
  EXPECT_FALSE(look(200));
  EXPECT_EQ(told(), 1u);
}

TEST_F(watch_test, tells_of_the_next_job_too) {
  for (std::int64_t at : {100, 200, 300}) {
    turns[0].begin_job();
    EXPECT_FALSE(look(at));
    EXPECT_TRUE(look(at + 10));
  }
  turns[0].be_without_job();
  EXPECT_FALSE(look(400));
  EXPECT_EQ(told(), 0u) << "it was over when somebody could have been told";
}

TEST_F(watch_test, many_short_jobs_are_no_long_one) {
  for (std::int64_t at = 0; at < 100; ++at) {
    turns[0].begin_job();
    turns[1].begin_job();
    EXPECT_FALSE(look(at));
  }
}

TEST_F(watch_test, a_worker_without_a_job_is_not_blocked) {
  turns[0].begin_job();
  turns[0].be_without_job();
  EXPECT_FALSE(look(100));
  EXPECT_FALSE(look(200));
  turns[0].begin_job();
  EXPECT_FALSE(look(300)) << "a look has not seen this one before";
}

TEST_F(watch_test, says_where_the_coroutine_stood_that_the_job_resumed) {
  const auto here = std::source_location::current();
  turns[0].resumed_at.store(here, std::memory_order_relaxed);
  turns[0].begin_job();
  EXPECT_FALSE(look(100));
  EXPECT_TRUE(look(110));
  ASSERT_EQ(told(), 1u);
  EXPECT_EQ(seen[0].resumed_at.line(), here.line());
}

TEST_F(watch_test, everyone_who_is_blocked_is_told_of_together) {
  for (turn& each : turns) each.begin_job();
  EXPECT_FALSE(look(100));
  EXPECT_TRUE(look(110));
  EXPECT_EQ(told(), 2u);
}

TEST_F(watch_test, rounds_are_no_longer_than_its_patience) {
  EXPECT_EQ(watching.longest_round_ns(20 * ms), 10 * ms);
  EXPECT_EQ(watching.longest_round_ns(5 * ms), 5 * ms);
  const watch nobody(2, {});
  EXPECT_FALSE(nobody.is_on());
  EXPECT_EQ(nobody.longest_round_ns(20 * ms), 20 * ms);
}

blocked_worker someone(std::size_t which) {
  return {.runtime = "weft",
          .worker = which,
          .at_least = std::chrono::microseconds(12'900),
          .coroutine = {},
          .resumed_at = {}};
}

TEST(blocked_lines, are_at_most_one_a_second_and_count_the_others) {
  blocked_lines lines;
  const blocked_lines::clock::time_point start(std::chrono::hours(1));
  EXPECT_EQ(lines.next(someone(3), start), "weft: worker weft-3 is in one job for over 12 ms\n");
  EXPECT_EQ(lines.next(someone(3), start + std::chrono::milliseconds(500)), std::nullopt);
  EXPECT_EQ(lines.next(someone(1), start + std::chrono::milliseconds(999)), std::nullopt);
  EXPECT_EQ(lines.next(someone(2), start + std::chrono::seconds(1)),
            "weft: worker weft-2 is in one job for over 12 ms (since the last line 2 more)\n");
  EXPECT_EQ(lines.next(someone(2), start + std::chrono::seconds(3)),
            "weft: worker weft-2 is in one job for over 12 ms\n");
}

TEST(blocked_lines, name_the_coroutine_and_its_await) {
  blocked_lines lines;
  blocked_worker seen = someone(0);
  seen.resumed_at = std::source_location::current();
  const auto line = lines.next(seen, {});
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("; it resumed "), std::string::npos) << *line;
  EXPECT_NE(line->find("watch_test.cc:" + std::to_string(seen.resumed_at.line())), std::string::npos)
      << *line;
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
