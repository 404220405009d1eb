// when_any: the first to end wins, the others are stopped and awaited, and no error is lost.
// SPDX-License-Identifier: Apache-2.0
#include "weft/when_any.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<int> number(int value) {
  co_return value;
}
task<> nothing() {
  co_return;
}

// What the runtime reported.
class reports {
 public:
  [[nodiscard]] auto sink() {
    return [this](const auto& unhandled) {
      const std::lock_guard guard(lock_);
      texts_.push_back(text_of(unhandled.error));
    };
  }
  [[nodiscard]] lines all() const {
    const std::lock_guard guard(lock_);
    return texts_;
  }

 private:
  mutable std::mutex lock_;
  lines texts_;
};

TEST(when_any, gives_the_value_of_the_first_to_end_and_says_which_it_was) {
  runtime rt({.workers = 2});
  const auto waits = []() -> task<std::string> {
    co_await sleep_for(1h);
    co_return "late";
  };
  const auto body = [&]() -> task<> {
    const std::variant<std::string, int> first = co_await when_any(waits(), number(7));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(first), 7);
  };
  rt.block_on(body());
}

TEST(when_any, of_a_range_gives_index_and_value) {
  runtime rt({.workers = 2});
  const auto waits_but = [](int value) -> task<int> {
    if (value != 3) co_await sleep_for(1h);
    co_return value * 10;
  };
  const auto body = [&]() -> task<> {
    const auto [index, value] = co_await when_any(std::views::iota(0, 6) | std::views::transform(waits_but));
    EXPECT_EQ(index, 3u);
    EXPECT_EQ(value, 30);
  };
  rt.block_on(body());
}

// Of select's branches exactly one runs its handler, and the losers are dropped.
TEST(when_any, K2_has_one_winner_and_the_losers_have_ended_when_it_is_known) {
  runtime rt({.workers = 4});
  census here;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> finished = 0;
    const auto races = [&](int value) -> task<int> {
      const resident local(here);
      for (int i = (value + round) % 4; i > 0; --i) co_await yield_now();
      ++finished;
      co_return value;
    };
    const auto body = [&]() -> task<> {
      const auto [index, value] = co_await when_any(std::views::iota(0, 4) | std::views::transform(races));
      EXPECT_EQ(static_cast<int>(index), value);
      EXPECT_EQ(here.living(), 0);
      EXPECT_GE(finished, 1);
    };
    rt.block_on(body());
  }
}

TEST(when_any, takes_void_references_and_values_that_only_move) {
  runtime rt({.workers = 1});
  int object = 1;
  const auto refers = [&]() -> task<int&> { co_return object; };
  const auto makes = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  const auto body = [&]() -> task<> {
    const auto a = co_await when_any(nothing());
    static_assert(std::is_same_v<decltype(a), const std::variant<std::monostate>>);
    const auto b = co_await when_any(refers(), nothing());
    std::get<0>(b).get() = 2;
    const auto c = co_await when_any(makes());
    EXPECT_EQ(*std::get<0>(c), 5);
    std::vector<task<>> of_void;
    of_void.push_back(nothing());
    EXPECT_EQ((co_await when_any(std::move(of_void))).index, 0u);
    std::vector<task<int&>> of_references;
    of_references.push_back(refers());
    const any_result<int&> d = co_await when_any(std::move(of_references));
    EXPECT_EQ(&d.value, &object);
    std::vector<task<std::unique_ptr<int>>> of_movables;
    of_movables.push_back(makes());
    const auto e = co_await when_any(std::move(of_movables));
    EXPECT_EQ(*e.value, 5);
  };
  rt.block_on(body());
  EXPECT_EQ(object, 2);
}

TEST(when_any, takes_operations_beside_tasks) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<std::size_t> {
    const auto first = co_await when_any(sleep_for(1h), compute([] { return 1; }));
    co_return first.index();
  };
  EXPECT_EQ(rt.block_on(body()), 1u);
}

TEST(when_any, A8_of_an_empty_range_is_refused) {
  runtime rt({.workers = 1});
  EXPECT_THROW(rt.block_on(when_any(std::vector<task<int>>())), std::invalid_argument);
}

TEST(when_any, begins_no_task_that_comes_after_a_winner) {
  runtime rt({.workers = 1});
  std::atomic<int> begun = 0;
  const auto counts = [&]() -> task<int> {
    ++begun;
    co_return 0;
  };
  const auto body = [&]() -> task<> { static_cast<void>(co_await when_any(number(1), counts(), counts())); };
  rt.block_on(body());
  EXPECT_EQ(begun, 0);
}

TEST(when_any, throws_the_error_of_a_winner_that_failed_after_the_rest_has_ended) {
  runtime rt({.workers = 2});
  census here;
  const auto waits = [&]() -> task<int> {
    const resident local(here);
    co_await sleep_for(1h);
    co_return 0;
  };
  const auto fails = []() -> task<int> {
    co_await yield_now();
    throw std::runtime_error("winner");
  };
  const auto body = [&]() -> task<std::string> {
    std::string caught = "nothing";
    try {
      static_cast<void>(co_await when_any(waits(), fails(), waits()));
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(here.living(), 0);
    co_return caught;
  };
  EXPECT_EQ(rt.block_on(body()), "winner");
}

// The loser's function cannot be interrupted, and throws when the stop has come for certain: the third task
// has been unwound by then.
struct photo_finish {
  task<int> loses() {
    co_return co_await spawn_blocking([this]() -> int {
      go.pass();
      throw std::runtime_error("loser");
    });
  }
  task<int> is_stopped() {
    struct opens_at_death {
      gate& opened;
      ~opens_at_death() { opened.open(); }
    };
    const opens_at_death once_unwound{go};
    has_begun = true;
    co_await sleep_for(1h);
    co_return 0;
  }
  task<int> wins() {
    wait_for_the_others();
    co_return 1;
  }
  task<int> fails_first() {
    wait_for_the_others();
    throw std::runtime_error("winner");
    co_return 1;
  }

  void wait_for_the_others() {
    EXPECT_TRUE(go.is_reached());
    EXPECT_TRUE(eventually([this] { return has_begun.load(); }));
  }

  gate go;
  std::atomic<bool> has_begun = false;  // the one that is to be stopped
};

TEST(when_any, reports_the_error_of_a_loser_and_not_its_stop) {
  reports heard;
  runtime rt({.workers = 2, .on_unhandled_error = heard.sink()});
  photo_finish race;
  const auto body = [&]() -> task<std::size_t> {
    const auto first = co_await when_any(race.loses(), race.is_stopped(), race.wins());
    EXPECT_EQ(heard.all(), lines{"loser"}) << "reported before the caller goes on";
    co_return first.index();
  };
  EXPECT_EQ(rt.block_on(body()), 2u);
  EXPECT_EQ(heard.all(), lines{"loser"});
}

TEST(when_any, reports_the_error_of_a_loser_when_the_winner_failed_too) {
  reports heard;
  runtime rt({.workers = 2, .on_unhandled_error = heard.sink()});
  photo_finish race;
  const auto body = [&]() -> task<> {
    std::vector<task<int>> tasks;
    tasks.push_back(race.loses());
    tasks.push_back(race.is_stopped());
    tasks.push_back(race.fails_first());
    static_cast<void>(co_await when_any(std::move(tasks)));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(body());
              return 0;
            }),
            "winner");
  EXPECT_EQ(heard.all(), lines{"loser"});
}

TEST(when_any, A5_forwards_a_stop_to_all_tasks_and_is_unwound_after_them) {
  runtime rt({.workers = 2});
  record log;
  door all_wait;
  const auto sleeps = [&]() -> task<> {
    const mark local(log, "child");
    co_await all_wait.pass();
  };
  const auto body = [&]() -> task<> {
    const mark local(log, "parent");
    static_cast<void>(co_await when_any(sleeps(), sleeps(), sleeps()));
    log.note("went on after a stop");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(all_wait.is_reached(3));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"child", "child", "child", "parent"}));
}

TEST(when_any, N4_delivers_a_value_that_comes_in_spite_of_a_stop) {
  runtime rt({.workers = 2});
  gate go;
  const auto effect = [&]() -> task<int> {
    co_return co_await spawn_blocking([&] {
      go.pass();
      return 1;
    });
  };
  const auto waits = []() -> task<int> {
    co_await sleep_for(1h);
    co_return 0;
  };
  const auto body = [&]() -> task<int> {
    const auto first = co_await when_any(waits(), effect());
    co_return std::get<1>(first);
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(go.is_reached());
  handle.request_stop();
  go.open();
  const auto join = [&]() -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.block_on(join()), 1);
}

TEST(when_any, in_a_task_that_is_stopping_begins_nothing) {
  runtime rt({.workers = 2});
  std::atomic<int> begun = 0;
  const auto counts = [&]() -> task<> {
    ++begun;
    co_return;
  };
  const auto body = [&]() -> task<> { static_cast<void>(co_await when_any(counts(), counts())); };
  EXPECT_THROW(rt.block_on(with_timeout(0s, body())), timeout_error);
  EXPECT_EQ(begun, 0);
}

TEST(when_any, of_many_tasks_stops_them_all_without_growing_the_stack) {
  runtime rt({.workers = 2});
  constexpr int many = 100'000;
  census here;
  const auto waits_but_the_last = [&](int value) -> task<int> {
    const resident local(here);
    if (value != many - 1) co_await sleep_for(1h);
    co_return value;
  };
  const auto body = [&]() -> task<> {
    const auto first =
        co_await when_any(std::views::iota(0, many) | std::views::transform(waits_but_the_last));
    EXPECT_EQ(first.value, many - 1);
  };
  rt.block_on(body());
  EXPECT_EQ(here.living(), 0);
}

}  // namespace
}  // namespace weft::test
