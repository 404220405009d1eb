// Scopes that are stopped together: who may join, who is asked, and when the last one has left.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/roster.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(roster, it_counts_who_has_joined_and_not_left) {
  roster all;
  roster::member one, two;
  EXPECT_EQ(all.size(), 0u);
  EXPECT_TRUE(all.admit(one));
  EXPECT_TRUE(all.admit(two));
  EXPECT_EQ(all.size(), 2u);
  all.leave(one);
  EXPECT_EQ(all.size(), 1u);
  all.leave(two);
  EXPECT_EQ(all.size(), 0u);
}

TEST(roster, closing_asks_exactly_those_who_are_in_it_to_stop) {
  roster all;
  std::array<roster::member, 4> members;
  for (auto& each : members) EXPECT_TRUE(all.admit(each));
  all.leave(members[1]);
  job_list ready;
  all.close_and_stop(ready);
  for (std::size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i].is_stopping(), i != 1) << i;
  EXPECT_TRUE(ready.empty()) << "members that run hand themselves out";
  for (std::size_t i : {0u, 2u, 3u}) all.leave(members[i]);
}

TEST(roster, closing_hands_back_the_jobs_of_members_that_waited) {
  struct waiting : roster::member, leaf_op {
    waiting() noexcept : leaf_op(kind(), this) {}
    static cancel_outcome on_cancel(leaf_op&, job_list&) noexcept { return cancel_outcome::taken; }
    static const leaf_kind& kind() noexcept {
      static constexpr leaf_kind made{"a test", &on_cancel};
      return made;
    }
    frame leaf{std::source_location::current()};
  };
  roster all;
  std::array<waiting, 3> members;
  for (auto& each : members) {
    EXPECT_TRUE(all.admit(each));
    EXPECT_TRUE(each.arm(each, each.leaf));
  }
  job_list ready;
  all.close_and_stop(ready);
  for (auto& each : members) EXPECT_EQ(ready.pop_front(), &each);
  EXPECT_TRUE(ready.empty());
  all.close_and_stop(ready);
  EXPECT_TRUE(ready.empty()) << "closing twice asks nobody again";
  for (auto& each : members) all.leave(each);
}

TEST(roster, a_closed_roster_admits_nobody) {
  roster all;
  roster::member late;
  job_list ready;
  all.close_and_stop(ready);
  EXPECT_FALSE(all.admit(late));
  EXPECT_FALSE(late.is_stopping());
  EXPECT_EQ(all.size(), 0u);
}

TEST(roster, an_empty_roster_is_not_waited_for) {
  roster all;
  last_leave ended;
  ended.wait_for(all);
  job_list ready;
  all.close_and_stop(ready);
  ended.wait_for(all);
}

TEST(roster, it_is_over_for_good_when_the_last_of_owner_and_members_leaves) {
  roster owners_last;
  roster::member one, two;
  EXPECT_TRUE(owners_last.admit(one));
  EXPECT_FALSE(owners_last.leave(one)) << "its owner is in";
  EXPECT_TRUE(owners_last.admit(two)) << "and may take others";
  EXPECT_FALSE(owners_last.leave(two));
  EXPECT_TRUE(owners_last.leave_unlisted());
  EXPECT_FALSE(owners_last.admit(one));

  roster members_last;
  EXPECT_TRUE(members_last.admit(one));
  EXPECT_FALSE(members_last.leave_unlisted());
  EXPECT_TRUE(members_last.admit(two)) << "a member is in";
  EXPECT_FALSE(members_last.leave(one));
  EXPECT_TRUE(members_last.leave(two));
  EXPECT_FALSE(members_last.admit(one));
}

TEST(roster, who_is_unlisted_is_in_but_asked_nothing) {
  roster all;
  roster::member one;
  EXPECT_TRUE(all.admit(one));
  EXPECT_FALSE(all.leave_unlisted()) << "the owner";
  all.unlist(one);
  EXPECT_EQ(all.size(), 0u);
  job_list ready;
  all.close_and_stop(ready);
  EXPECT_FALSE(one.is_stopping());
  EXPECT_TRUE(all.leave_unlisted());
}

TEST(roster, the_last_to_leave_ends_the_wait_and_not_before) {
  const std::size_t rounds = test::scaled(500);
  for (std::size_t round = 0; round < rounds; ++round) {
    auto all = std::make_unique<roster>();
    last_leave ended;
    roster::member one, two;
    ASSERT_TRUE(all->admit(one));
    ASSERT_TRUE(all->admit(two));
    std::atomic<int> left{0};
    job_list ready;
    all->close_and_stop(ready);
    ASSERT_FALSE(all->leave_unlisted());
    const auto leave = [&](roster::member& leaving) {
      left.fetch_add(1);
      if (all->leave(leaving)) ended.tell();
    };
    std::thread first([&] { leave(one); });
    std::thread second([&] { leave(two); });
    ended.wait_for(*all);
    EXPECT_EQ(left, 2);
    all.reset();  // nobody is in it any more, and nobody comes back to it
    first.join();
    second.join();
  }
}

TEST(roster, joining_against_closing_either_admits_and_stops_or_refuses) {
  for (std::uint64_t seed = 1; seed <= test::scaled(200); ++seed) {
    roster all;
    last_leave ended;
    constexpr std::size_t count = 40;
    std::array<std::vector<std::unique_ptr<roster::member>>, 2> members;
    for (auto& own : members) {
      for (std::size_t i = 0; i < count; ++i) own.push_back(std::make_unique<roster::member>());
    }
    std::vector<std::thread> threads;
    std::atomic<bool> is_closed{false};
    for (std::size_t self = 0; self < 2; ++self) {
      threads.emplace_back([&, self] {
        rng random(seed * 2 + self);
        std::vector<roster::member*> in;
        for (auto& each : members[self]) {
          if (!all.admit(*each)) break;
          in.push_back(each.get());
          if (random.below(3) == 0) {
            all.leave(*in.back());
            in.pop_back();
          }
        }
        while (!is_closed.load(std::memory_order_acquire)) std::this_thread::yield();
        for (roster::member* each : in) {
          EXPECT_TRUE(each->is_stopping()) << "seed " << seed;
          if (all.leave(*each)) ended.tell();
        }
      });
    }
    job_list ready;
    all.close_and_stop(ready);
    is_closed.store(true, std::memory_order_release);
    if (!all.leave_unlisted()) ended.wait_for(all);
    EXPECT_EQ(all.size(), 0u) << "seed " << seed;
    for (std::thread& each : threads) each.join();
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
