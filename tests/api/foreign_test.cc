// Awaitables that are not ours: they may resume a task on any thread, and it goes on on its own worker.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Resumes from a thread of the test.
class on_a_thread {
 public:
  explicit on_a_thread(std::vector<std::thread>& keep, int value = 0) : keep_(keep), value_(value) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    keep_.emplace_back([waiting] { waiting.resume(); });
  }
  int await_resume() const noexcept { return value_; }

 private:
  std::vector<std::thread>& keep_;
  int value_;
};

struct threads {
  ~threads() {
    for (std::thread& each : all) each.join();
  }
  std::vector<std::thread> all;
};

TEST(foreign_awaitable, that_resumes_on_a_thread_of_its_own_brings_the_task_back_to_its_worker) {
  runtime rt({.workers = 1});
  threads others;
  const auto body = [&]() -> task<> {
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 50; ++i) {
      const int got = co_await on_a_thread(others.all, i);
      EXPECT_EQ(got, i);
      EXPECT_EQ(std::this_thread::get_id(), home);
    }
  };
  rt.block_on(body());
}

TEST(foreign_awaitable, of_two_runtimes_brings_each_task_to_its_own_worker) {
  runtime left({.workers = 1});
  runtime right({.workers = 1});
  const auto body = []() -> task<> {
    threads others;
    const std::thread::id home = std::this_thread::get_id();
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(co_await on_a_thread(others.all));
      EXPECT_EQ(std::this_thread::get_id(), home);
    }
  };
  auto handle = left.spawn(body());
  right.block_on(body());
  const auto join = [&]() -> task<> { co_await handle; };
  left.block_on(join());
}

struct is_ready {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept { ADD_FAILURE(); }
  int await_resume() const noexcept { return 1; }
};
struct declines_to_suspend {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  int await_resume() const noexcept { return 2; }
};
struct resumes_inside_await_suspend {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const noexcept { return 3; }
};
struct transfers_back {
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept { return waiting; }
  int await_resume() const noexcept { return 4; }
};
struct has_member_operator {
  is_ready operator co_await() const noexcept { return {}; }
};
struct has_free_operator {};
is_ready operator co_await(has_free_operator) noexcept {
  return {};
}
struct fails_to_resume {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const { throw std::runtime_error("foreign"); }
};

TEST(foreign_awaitable, of_every_shape_is_awaited) {
  runtime rt({.workers = 2});
  const auto body = []() -> task<> {
    EXPECT_EQ(co_await is_ready(), 1);
    EXPECT_EQ(co_await declines_to_suspend(), 2);
    EXPECT_EQ(co_await resumes_inside_await_suspend(), 3);
    EXPECT_EQ(co_await transfers_back(), 4);
    EXPECT_EQ(co_await has_member_operator(), 1);
    EXPECT_EQ(co_await has_free_operator(), 1);
    is_ready named;
    EXPECT_EQ(co_await named, 1);
    co_await std::suspend_never();
  };
  rt.block_on(body());
}

TEST(foreign_awaitable, throws_into_the_task_that_awaits_it) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<int> { co_return co_await fails_to_resume(); };
  EXPECT_EQ(thrown_by([&] { return rt.block_on(body()); }), "foreign");
}

TEST(foreign_awaitable, is_not_interrupted_by_a_stop_which_takes_effect_at_the_next_operation) {
  runtime rt({.workers = 1});
  record log;
  struct resumed_by_hand {
    std::atomic<void*>& waiting;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> task) const noexcept { waiting = task.address(); }
    void await_resume() const noexcept {}
  };
  std::atomic<void*> waiting = nullptr;
  const auto body = [&]() -> task<> {
    const mark local(log, "unwound");
    co_await resumed_by_hand{waiting};
    log.note("resumed");
    co_await yield_now();
    log.note("went on");
  };
  auto handle = rt.spawn(body);
  EXPECT_TRUE(eventually([&] { return waiting != nullptr; }));
  handle.request_stop();
  rt.block_on(yield_now());
  EXPECT_FALSE(handle.is_done());
  std::coroutine_handle<>::from_address(waiting).resume();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"resumed", "unwound"}));
}

}  // namespace
}  // namespace weft::test
