// What plain code and destructors may ask: is_stopping() and is_unwinding(). And checkpoints, where code that never
// waits lets itself be stopped.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/chaos.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Commits, unless an exception or a stop takes it away.
class transaction {
 public:
  explicit transaction(record& log) : log_(log) {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction() {
    const bool is_on_the_way_out = std::uncaught_exceptions() > at_begin_ || is_unwinding();
    log_.note(is_on_the_way_out ? "rolled back" : "committed");
  }

 private:
  record& log_;
  int at_begin_ = std::uncaught_exceptions();
};

struct guards : testing::Test {
  runtime rt{{.workers = 2}};
  record log;
};

TEST_F(guards, commit_at_a_normal_end_and_roll_back_after_an_exception_and_a_stop) {
  const auto ends = [&](int how) -> task<> {
    const transaction local(log);
    co_await yield_now();
    if (how == 1) throw std::runtime_error("its own");
    if (how == 2) co_await sleep_for(1h);
  };
  rt.block_on(ends(0));
  EXPECT_THROW(rt.block_on(ends(1)), std::runtime_error);
  EXPECT_THROW(rt.block_on(with_timeout(1ms, ends(2))), timeout_error);
  EXPECT_EQ(log.all(), (lines{"committed", "rolled back", "rolled back"}));
}

TEST_F(guards, commit_in_a_task_that_was_asked_to_stop_and_ends_by_itself) {
  const auto ends = [&]() -> task<int> {
    const transaction local(log);
    co_await yield_now();
    EXPECT_TRUE(eventually([] { return is_stopping(); }));
    EXPECT_FALSE(is_unwinding());
    co_return 7;
  };
  std::atomic<bool> is_begun = false;
  const auto body = [&]() -> task<int> {
    is_begun = true;
    co_return co_await ends();
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(eventually([&] { return is_begun.load(); }));
  const auto join = [&]() -> task<> {
    try {
      static_cast<void>(co_await handle);
      log.note("value");
    } catch (const stopped_error&) {
      log.note("stopped");
    }
  };
  handle.request_stop();
  rt.block_on(join());
  const lines all = log.all();
  ASSERT_EQ(all.size(), 2u);
  // The stop came before yield_now(), or after.
  EXPECT_EQ(all.front(), all.back() == "value" ? "committed" : "rolled back");
}

TEST_F(guards, at_every_level_of_a_chain_roll_back) {
  struct nest {
    static task<> level(record& log, door& at_the_leaf, int depth) {
      const transaction local(log);
      if (depth == 0) {
        co_await at_the_leaf.pass();
      } else if (depth % 2 == 0) {
        co_await when_all(level(log, at_the_leaf, depth - 1), sleep_for(1h));
      } else {
        co_await level(log, at_the_leaf, depth - 1);
      }
    }
  };
  door reached;
  auto handle = rt.spawn(nest::level(log, reached, 6));
  EXPECT_TRUE(reached.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines(7, "rolled back"));
}

TEST_F(guards, is_stopping_tells_of_the_task_that_calls_and_of_no_other) {
  const auto asked_below = [] { return is_stopping(); };
  EXPECT_FALSE(is_stopping());
  EXPECT_FALSE(is_unwinding());
  const auto timed = [&]() -> task<> {
    struct looks {
      ~looks() {
        EXPECT_TRUE(is_stopping());
        EXPECT_TRUE(is_unwinding());
      }
    };
    EXPECT_TRUE(asked_below());
    EXPECT_FALSE(is_unwinding());
    const looks at_the_end;
    co_await yield_now();
  };
  const auto body = [&]() -> task<> {
    EXPECT_FALSE(asked_below());
    try {
      co_await with_timeout(0s, timed());
    } catch (const timeout_error&) {
      log.note("timeout");
    }
    EXPECT_FALSE(asked_below());
    EXPECT_FALSE(is_unwinding());
    co_await compute([] { EXPECT_FALSE(is_stopping()); });
  };
  rt.block_on(body());
  EXPECT_EQ(log.all(), lines{"timeout"});
}

TEST_F(guards, is_stopping_is_right_again_after_awaits_of_every_kind) {
  const auto child = []() -> task<bool> {
    co_await yield_now();
    co_return is_stopping();
  };
  const auto body = [&]() -> task<> {
    auto handle = spawn(child);
    EXPECT_FALSE(co_await handle);
    EXPECT_FALSE(co_await unstoppable(child()));
    EXPECT_FALSE(co_await with_timeout(1h, child()));
    static_cast<void>(co_await when_all(child(), child()));
    co_await spawn_blocking([] {});
    std::atomic<bool> is_asked = false;
    const auto asked = [&]() -> task<> {
      while (!is_stopping()) co_await unstoppable(yield_now());
      is_asked = true;
    };
    try {
      co_await with_timeout(1ms, asked());
    } catch (const timeout_error&) {
    }
    EXPECT_TRUE(is_asked);
    EXPECT_FALSE(is_stopping());
  };
  rt.block_on(body());
}

// --- checkpoint

TEST(checkpoint, N1_stops_a_task_that_never_waits) {
  runtime rt({.workers = 2});
  std::atomic<long> turns = 0;
  const auto crunches = [&]() -> task<> {
    for (;; ++turns) co_await checkpoint();
  };
  auto handle = rt.spawn(crunches);
  EXPECT_TRUE(eventually([&] { return turns.load() > 0; }));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
}

TEST(checkpoint, K3_lets_peers_run_once_the_budget_is_spent_and_not_before) {
  const calm budgets_last;
  runtime rt({.workers = 1});
  long turns = 0;
  long turns_when_the_peer_ran = -1;
  const auto peer = [&]() -> task<> {
    turns_when_the_peer_ran = turns;
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto other = spawn(peer);
    while (turns_when_the_peer_ran < 0 && turns < 1'000'000) {
      co_await checkpoint();
      ++turns;
    }
    co_await other;
  };
  rt.block_on(body());
  EXPECT_GE(turns_when_the_peer_ran, 100);
  EXPECT_LE(turns_when_the_peer_ran, 128);
}

}  // namespace
}  // namespace weft::test
