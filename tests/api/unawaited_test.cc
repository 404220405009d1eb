// A task that nobody awaits: debug builds (the sanitizers' among them) say so.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/task.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<> never_begun() {
  co_return;
}

template <class Fn>
std::string said_by(Fn fn) {
  testing::internal::CaptureStderr();
  fn();
  return testing::internal::GetCapturedStderr();
}

TEST(unawaited, a_task_that_is_forgotten_is_named_in_debug_builds_and_else_nothing_is_said) {
  const std::string said = said_by([] { const task<> forgotten = never_begun(); });
  if constexpr (WEFT_DEBUG == 1) {
    EXPECT_NE(said.find("weft: nobody awaited a task"), std::string::npos) << said;
    EXPECT_NE(said.find("never_begun"), std::string::npos) << said;
    EXPECT_NE(said.find("unawaited_test.cc:"), std::string::npos) << said;
  } else {
    EXPECT_EQ(said, "");
  }
}

TEST(unawaited, nothing_is_said_of_a_task_that_was_awaited_spawned_or_moved_from) {
  EXPECT_EQ(said_by([] {
              runtime rt({.workers = 1});
              task<> first = never_begun();
              task<> second = std::move(first);
              rt.block_on(std::move(second));
              rt.spawn(never_begun()).detach();
            }),
            "");
}

TEST(unawaited, nothing_is_said_of_a_task_that_an_exception_takes_away) {
  EXPECT_EQ(said_by([] {
              try {
                const task<> has_lost_its_turn = never_begun();
                throw std::runtime_error("before its turn");
              } catch (const std::runtime_error&) {
              }
            }),
            "");
}

TEST(unawaited, nothing_is_said_of_a_task_that_a_stop_takes_away) {
  EXPECT_EQ(said_by([] {
              runtime rt({.workers = 1});
              const auto waits = []() -> task<> {
                const task<> has_lost_its_turn = never_begun();
                co_await sleep_for(1h);
              };
              auto waiting = rt.spawn(waits);
              let_all_wait(rt);
              waiting.request_stop();
              EXPECT_TRUE(eventually([&] { return waiting.is_done(); }));
              waiting.detach();
            }),
            "");
}

}  // namespace
}  // namespace weft::test
