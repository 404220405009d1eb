// Joins whose children end, fail and are stopped at the same time, on several workers. Best under
// ThreadSanitizer. The seed stands in the test's name.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/as_outcome.h"
#include "weft/join_handle.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/when_all.h"
#include "weft/when_all_settled.h"
#include "weft/when_any.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

using dice = std::minstd_rand;

constexpr int rounds = 40;
constexpr int children = 6;

// What the children of one round did, and what was heard of it.
struct tally {
  explicit tally(unsigned from) : seed(from) {}
  const unsigned seed;
  census here;
  std::atomic<int> thrown = 0;
  std::atomic<int> heard = 0;
};

class join_race : public testing::TestWithParam<unsigned> {
 protected:
  join_race() : throws_(GetParam() + 1) {}

  // A child that ends soon, fails, or waits until it is stopped.
  static task<int> by_chance(tally* of, unsigned seed) {
    const resident local(of->here);
    dice throws(seed + 1);
    throws.discard(3);
    for (auto i = throws() % 4; i > 0; --i) co_await yield_now();
    switch (throws() % 4) {
      case 0:
        co_return 1;
      case 1:
        ++of->thrown;
        throw std::runtime_error("by chance");
      case 2:
        co_await sleep_for(std::chrono::microseconds(throws() % 100));
        co_return 2;
      default:
        co_await sleep_for(1h);
        co_return 3;
    }
  }

  [[nodiscard]] static auto children_of(tally& of) {
    return std::views::iota(0u, static_cast<unsigned>(children)) |
           std::views::transform(
               [all = &of](unsigned each) { return by_chance(all, all->seed + each * 977); });
  }
  [[nodiscard]] unsigned seed() { return static_cast<unsigned>(throws_()); }

  // Runs `body` and stops it at some moment. True: it was unwound.
  template <class Body>
  bool is_unwound(runtime& rt, const Body& body) {
    auto handle = rt.spawn(body);
    for (auto i = throws_() % 3000; i > 0; --i) static_cast<void>(handle.is_done());
    handle.request_stop();
    const auto join = [&]() -> task<bool> {
      try {
        co_await handle;
      } catch (const stopped_error&) {
        co_return true;
      }
      co_return false;
    };
    return rt.block_on(join());
  }

 private:
  dice throws_;
};

TEST_P(join_race, when_all_ends_after_its_children_in_one_of_three_ways) {
  runtime rt({.workers = 3});
  for (int round = 0; round < rounds; ++round) {
    tally all(seed());
    std::atomic<bool> has_results = false;
    const auto body = [&]() -> task<> {
      try {
        has_results = (co_await when_all(children_of(all))).size() == children;
      } catch (const std::runtime_error&) {
        ++all.heard;
      }
      EXPECT_EQ(all.here.living(), 0);
    };
    const bool was_unwound = is_unwound(rt, body);
    EXPECT_EQ(all.here.living(), 0);
    EXPECT_EQ(all.heard + (has_results ? 1 : 0) + (was_unwound ? 1 : 0), 1);
    EXPECT_EQ(all.heard, all.thrown > 0 ? 1 : 0)
        << "an error wins over the stop that it brings, and over others";
  }
}

TEST_P(join_race, when_any_has_one_winner_and_loses_no_error) {
  std::atomic<int> reported = 0;
  runtime rt({.workers = 3, .on_unhandled_error = [&](const auto&) { ++reported; }});
  for (int round = 0; round < rounds; ++round) {
    tally all(seed());
    reported = 0;
    const auto body = [&]() -> task<> {
      try {
        const auto first = co_await when_any(children_of(all));
        EXPECT_LT(first.index, static_cast<std::size_t>(children));
      } catch (const std::runtime_error&) {
        ++all.heard;
      }
      EXPECT_EQ(all.here.living(), 0);
    };
    static_cast<void>(is_unwound(rt, body));
    EXPECT_EQ(all.here.living(), 0);
    EXPECT_EQ(all.heard + reported, all.thrown);
  }
}

TEST_P(join_race, when_all_settled_tells_every_error) {
  runtime rt({.workers = 3});
  for (int round = 0; round < rounds; ++round) {
    tally all(seed());
    const auto body = [&]() -> task<> {
      for (const auto& end : co_await when_all_settled(children_of(all)))
        all.heard += end.has_error() ? 1 : 0;
      EXPECT_EQ(all.here.living(), 0);
    };
    static_cast<void>(is_unwound(rt, body));
    EXPECT_EQ(all.here.living(), 0);
    EXPECT_EQ(all.heard, all.thrown);
  }
}

TEST_P(join_race, as_outcome_in_when_all_tells_every_error) {
  runtime rt({.workers = 3});
  for (int round = 0; round < rounds; ++round) {
    tally all(seed());
    const auto tells = [&](task<int> one) -> task<> {
      if ((co_await as_outcome(std::move(one))).has_error()) ++all.heard;
    };
    const auto body = [&]() -> task<> { co_await when_all(children_of(all) | std::views::transform(tells)); };
    static_cast<void>(is_unwound(rt, body));
    EXPECT_EQ(all.here.living(), 0);
    EXPECT_EQ(all.heard, all.thrown);
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, join_race, testing::Range(0u, 6u));

// --- the parent still offers its children

constexpr int many = 3000;

TEST(join_race_while_forking, a_stop_that_the_first_stolen_child_asks_for_reaches_all) {
  runtime rt({.workers = 4});
  census here;
  for (int round = 0; round < 20; ++round) {
    door is_spawned;
    std::optional<join_handle<void>> handle;
    std::atomic<bool> is_asked = false;
    const auto asks_and_waits = [&](int) -> task<> {
      const resident local(here);
      if (!is_asked.exchange(true)) handle->request_stop();
      co_await sleep_for(1h);
    };
    const auto body = [&]() -> task<> {
      co_await is_spawned.pass();
      co_await when_all(std::views::iota(0, many) | std::views::transform(asks_and_waits));
    };
    handle.emplace(rt.spawn(body));
    is_spawned.open();
    const auto join = [&]() -> task<> { co_await *handle; };
    EXPECT_THROW(rt.block_on(join()), stopped_error);
    EXPECT_EQ(here.living(), 0);
  }
}

TEST(join_race_while_forking, an_error_or_a_win_of_the_first_stolen_child_reaches_all) {
  runtime rt({.workers = 4});
  census here;
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> has_one_ended = false;
    const auto one_ends = [&](int each) -> task<int> {
      const resident local(here);
      if (has_one_ended.exchange(true)) co_await sleep_for(1h);
      if (round % 2 == 0) throw std::runtime_error("the first");
      co_return each;
    };
    const auto all = [&]() -> task<> {
      static_cast<void>(co_await when_all(std::views::iota(0, many) | std::views::transform(one_ends)));
    };
    const auto any = [&]() -> task<> {
      static_cast<void>(co_await when_any(std::views::iota(0, many) | std::views::transform(one_ends)));
    };
    if (round % 2 == 0) {
      EXPECT_EQ(thrown_by([&] {
                  rt.block_on(all());
                  return 0;
                }),
                "the first");
    } else {
      rt.block_on(any());
    }
    EXPECT_EQ(here.living(), 0);
  }
}

}  // namespace
}  // namespace weft::test
