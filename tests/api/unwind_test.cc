// How a stop takes a task apart: innermost first, without an exception, wherever it waits.
//
// Each kind of waiting is tried under a timeout, under a handle's stop, and when the runtime stops.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// What a task waits for, and what it needs for that.
struct waits {
  semaphore none{0};
  task<> on_sleep() { co_await sleep_for(1h); }
  task<> on_semaphore() { const semaphore_permit never = co_await none.acquire(); }
  task<> on_read() {
    connection ends = co_await connect_loopback();
    std::byte byte[1];
    static_cast<void>(co_await ends.first.read(byte));
  }
  task<> on_accept() {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    static_cast<void>(co_await listener.accept());
  }
  task<> on_when_all() { co_await when_all(on_sleep(), on_semaphore(), on_read()); }
  task<> on_vector() {
    std::vector<task<>> all;
    for (int i = 0; i < 5; ++i) all.push_back(on_sleep());
    co_await when_all(std::move(all));
  }
  task<> on_group() {
    const auto body = [this](task_group& group) -> task<> {
      const auto child = [this]() -> task<> { co_await on_semaphore(); };
      group.spawn(child);
      co_await on_sleep();
    };
    co_await with_task_group(body);
  }
  task<> on_timeout() { co_await with_timeout(1h, on_read()); }
  task<> on_handle() {
    const auto other = [this]() -> task<> { co_await on_sleep(); };
    auto handle = spawn(other);
    struct stops {
      join_handle<void>& other;
      ~stops() { other.request_stop(); }
    };
    const stops at_the_end{handle};
    co_await handle;
  }
  task<> on_as_completed() {
    std::vector<task<>> all;
    all.push_back(on_sleep());
    all.push_back(on_semaphore());
    co_await as_completed(std::move(all), [] {});
  }
  task<> on_for_each() {
    const std::vector<int> numbers{1, 2, 3, 4};
    co_await for_each_concurrent(numbers, 2, [this](int) { return on_sleep(); });
  }
  task<> on_yields() {
    for (;;) co_await yield_now();
  }
};

struct kind {
  std::string name;
  task<> (waits::*wait)();
};
std::ostream& operator<<(std::ostream& out, const kind& of) {
  return out << of.name;
}

class unwinding : public testing::TestWithParam<kind> {
 protected:
  // Three frames deep; every level would note it if it went on or saw an exception.
  task<> level(int depth) {
    const mark local(log, "level " + std::to_string(depth));
    try {
      if (depth == 2) {
        reached.fetch_add(1);
        co_await (resources.*GetParam().wait)();
      } else {
        co_await level(depth + 1);
      }
    } catch (...) {
      log.note("an exception was seen");
      throw;
    }
    log.note("went on after a stop");
  }
  [[nodiscard]] bool waits_at_the_leaf() {
    return eventually([this] { return reached.load() > 0; });
  }

  const lines innermost_first{"level 2", "level 1", "level 0"};
  record log;
  std::atomic<int> reached{0};
  waits resources;
};

TEST_P(unwinding, by_a_timeout_runs_destructors_innermost_first_and_nothing_else) {
  runtime rt({.workers = 2});
  const auto caller = [&]() -> task<> {
    try {
      co_await with_timeout(10ms, level(0));
      log.note("no timeout");
    } catch (const timeout_error&) {
    }
    log.note("caller");
  };
  rt.block_on(caller());
  lines expected = innermost_first;
  expected.push_back("caller");
  EXPECT_EQ(log.all(), expected);
}

TEST_P(unwinding, by_a_handle_runs_destructors_innermost_first_and_nothing_else) {
  for (const unsigned workers : {1u, 2u}) {
    runtime rt({.workers = workers});
    reached = 0;
    const std::size_t before = log.all().size();
    auto handle = rt.spawn(level(0));
    EXPECT_TRUE(waits_at_the_leaf());
    handle.request_stop();
    const auto join = [&]() -> task<> { co_await handle; };
    EXPECT_THROW(rt.block_on(join()), stopped_error);
    const lines all = log.all();
    EXPECT_EQ(lines(all.begin() + static_cast<std::ptrdiff_t>(before), all.end()), innermost_first);
  }
}

TEST_P(unwinding, at_the_end_of_the_runtime_runs_destructors_innermost_first_and_nothing_else) {
  {
    runtime rt({.workers = 2});
    rt.spawn(level(0)).detach();
    EXPECT_TRUE(waits_at_the_leaf());
  }
  EXPECT_EQ(log.all(), innermost_first);
}

TEST_P(unwinding, of_a_task_that_began_after_the_stop_is_the_same) {
  runtime rt({.workers = 2});
  EXPECT_THROW(rt.block_on(with_timeout(0s, level(0))), timeout_error);
  EXPECT_EQ(log.all(), innermost_first);
}

INSTANTIATE_TEST_SUITE_P(
    of, unwinding,
    testing::Values(kind{"sleep", &waits::on_sleep}, kind{"semaphore", &waits::on_semaphore},
                    kind{"read", &waits::on_read}, kind{"accept", &waits::on_accept},
                    kind{"when_all", &waits::on_when_all}, kind{"vector", &waits::on_vector},
                    kind{"group", &waits::on_group}, kind{"timeout", &waits::on_timeout},
                    kind{"handle", &waits::on_handle}, kind{"as_completed", &waits::on_as_completed},
                    kind{"for_each", &waits::on_for_each}, kind{"yields", &waits::on_yields}),
    [](const auto& of) { return of.param.name; });

// The whole of a tree: parents after their children, whatever the children wait for.
TEST(unwinding_tree, destroys_every_child_before_its_parent) {
  runtime rt({.workers = 2});
  std::atomic<int> waiting = 0;
  std::atomic<int> broken = 0;
  struct node {
    static task<> grow(std::atomic<int>* above, std::atomic<int>& waiting, std::atomic<int>& broken,
                       int depth) {
      std::atomic<int> living_below = 0;
      struct life {
        std::atomic<int>* above;
        std::atomic<int>& below;
        std::atomic<int>& broken;
        ~life() {
          if (below != 0) ++broken;
          if (above != nullptr) --*above;
        }
      };
      if (above != nullptr) ++*above;
      const life mine{above, living_below, broken};
      if (depth == 0) {
        ++waiting;
        co_await sleep_for(1h);
      } else if (depth % 2 == 0) {
        co_await when_all(grow(&living_below, waiting, broken, depth - 1),
                          grow(&living_below, waiting, broken, depth - 1));
      } else {
        const auto body = [&](task_group& group) -> task<> {
          group.spawn(&grow, &living_below, std::ref(waiting), std::ref(broken), depth - 1);
          group.spawn(&grow, &living_below, std::ref(waiting), std::ref(broken), depth - 1);
          co_return;
        };
        co_await with_task_group(body);
      }
      ++broken;
    }
  };
  auto handle = rt.spawn(node::grow(nullptr, waiting, broken, 8));
  EXPECT_TRUE(eventually([&] { return waiting == 256; }));
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(broken, 0);
}

}  // namespace
}  // namespace weft::test
