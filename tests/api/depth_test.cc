// A million deep, a million long: the stack of a worker does not grow, whatever the compiler and its flags.
//
// The stack is measured by frame addresses of ordinary functions that the coroutines call, on a runtime with
// one worker. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr long depth = 1'000'000;
// Exceptions cost microseconds a frame, joins several allocations: less of them, the claim is the same.
constexpr long depth_of_errors = 50'000;
constexpr auto depth_of_joins = static_cast<long>(scaled(100'000));

// The stretch of stack that was seen. Of one worker.
class stack_span {
 public:
  [[gnu::noinline]] void touch() {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest_ = std::min(lowest_, here);
    highest_ = std::max(highest_, here);
  }
  [[nodiscard]] std::size_t bytes() const { return highest_ - lowest_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
};
constexpr std::size_t allowed = 256 * 1024;

// Touches the stack when it is destroyed, too, and counts.
class level {
 public:
  explicit level(stack_span& of) : of_(of) { of_.touch(); }
  level(const level&) = delete;
  level& operator=(const level&) = delete;
  ~level() {
    of_.touch();
    ++destroyed;
  }
  static inline long destroyed = 0;

 private:
  stack_span& of_;
};

struct deep : testing::Test {
  deep() { level::destroyed = 0; }
  ~deep() override { EXPECT_LT(stack.bytes(), allowed); }

  // Awaits itself n levels deep; the innermost one sleeps for ever.
  task<> sleep_below(long n) {
    const level local(stack);
    if (n == 0) {
      reached.store(true, std::memory_order_release);
      co_await sleep_for(1h);
    } else {
      co_await sleep_below(n - 1);
    }
    ADD_FAILURE() << "a stopped task went on";
  }
  [[nodiscard]] bool waits_at_the_bottom() {
    return eventually([this] { return reached.load(std::memory_order_acquire); });
  }

  runtime rt{{.workers = 1}};
  stack_span stack;
  std::atomic<bool> reached{false};
};

TEST_F(deep, a_million_tasks_that_return_at_once_are_awaited_in_a_loop) {
  const auto one = [this]() -> task<long> {
    stack.touch();
    co_return 1;
  };
  const auto loop = [&]() -> task<long> {
    long sum = 0;
    for (long i = 0; i < depth; ++i) sum += co_await one();
    co_return sum;
  };
  EXPECT_EQ(rt.block_on(loop()), depth);
}

TEST_F(deep, a_million_operations_that_are_ready_at_once_are_awaited_in_a_loop) {
  semaphore free(1);
  const auto loop = [&]() -> task<> {
    for (long i = 0; i < depth; ++i) {
      const semaphore_permit held = co_await free.acquire();
      stack.touch();
    }
  };
  rt.block_on(loop());
}

TEST_F(deep, a_million_awaits_inside_each_other_return_their_results) {
  struct recursion {
    static task<long> down(stack_span& stack, long n) {
      const level local(stack);
      if (n == 0) co_return 0;
      const long below = co_await down(stack, n - 1);
      stack.touch();
      co_return below + 1;
    }
  };
  EXPECT_EQ(rt.block_on(recursion::down(stack, depth)), depth);
  EXPECT_EQ(level::destroyed, depth + 1);
}

TEST_F(deep, an_error_passes_through_many_awaits) {
  struct recursion {
    static task<> down(stack_span& stack, long n) {
      const level local(stack);
      if (n == 0) throw std::runtime_error("bottom");
      co_await down(stack, n - 1);
    }
  };
  EXPECT_THROW(rt.block_on(recursion::down(stack, depth_of_errors)), std::runtime_error);
  EXPECT_EQ(level::destroyed, depth_of_errors + 1);
}

TEST_F(deep, a_million_awaits_inside_each_other_are_stopped_by_a_timeout) {
  EXPECT_THROW(rt.block_on(with_timeout(200ms, sleep_below(depth))), timeout_error);
  EXPECT_EQ(level::destroyed, depth + 1);
}

TEST_F(deep, a_million_awaits_inside_each_other_are_stopped_by_a_handle) {
  auto handle = rt.spawn(sleep_below(depth));
  EXPECT_TRUE(waits_at_the_bottom());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(level::destroyed, depth + 1);
}

TEST_F(deep, a_million_awaits_inside_each_other_are_stopped_by_the_end_of_the_runtime) {
  rt.spawn(sleep_below(depth)).detach();
  EXPECT_TRUE(waits_at_the_bottom());
  rt.stop();
  EXPECT_EQ(level::destroyed, depth + 1);
}

// --- joins inside joins

task<> join_below(stack_span& stack, std::atomic<bool>& reached, long n);

task<> nothing() {
  co_return;
}
task<> nest(stack_span& stack, std::atomic<bool>& reached, long n) {
  switch (n % 3) {
    case 0: {
      const auto both = co_await when_all(join_below(stack, reached, n - 1), nothing());
      static_cast<void>(both);
      break;
    }
    case 1:
      co_await with_timeout(1h, join_below(stack, reached, n - 1));
      break;
    default: {
      const auto body = [&](task_group&) -> task<> { co_await join_below(stack, reached, n - 1); };
      co_await with_task_group(body);
    }
  }
}
task<> join_below(stack_span& stack, std::atomic<bool>& reached, long n) {
  const level local(stack);
  if (n > 0) {
    co_await nest(stack, reached, n);
  } else if (!reached.exchange(true)) {
    co_await sleep_for(1h);
  }
}

TEST_F(deep, joins_inside_each_other_end) {
  reached = true;  // so the innermost does not sleep
  rt.block_on(join_below(stack, reached, depth_of_joins));
  EXPECT_EQ(level::destroyed, depth_of_joins + 1);
}

TEST_F(deep, joins_inside_each_other_are_stopped) {
  auto handle = rt.spawn(join_below(stack, reached, depth_of_joins));
  EXPECT_TRUE(waits_at_the_bottom());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(level::destroyed, depth_of_joins + 1);
}

// --- long chains of tasks that end into each other

TEST_F(deep, a_long_chain_of_handles_that_wait_for_each_other_ends) {
  struct chain {
    static task<long> link(stack_span& stack, long n) {
      stack.touch();
      if (n == 0) co_return 0;
      auto next = spawn(&link, std::ref(stack), n - 1);
      const long below = co_await next;
      stack.touch();
      co_return below + 1;
    }
  };
  EXPECT_EQ(rt.block_on(chain::link(stack, depth_of_joins)), depth_of_joins);
}

TEST_F(deep, a_long_row_of_semaphore_waiters_is_let_through) {
  semaphore one(1);
  long through = 0;
  const auto waits = [&]() -> task<> {
    const semaphore_permit held = co_await one.acquire();
    stack.touch();
    ++through;
  };
  const auto all = [&]() -> task<> {
    const semaphore_permit held = co_await one.acquire();
    std::vector<task<>> row;
    for (long i = 0; i < depth_of_joins; ++i) row.push_back(waits());
    const auto releases = [](const semaphore_permit& mine) -> task<> {
      const_cast<semaphore_permit&>(mine).release();
      co_return;
    };
    row.push_back(releases(held));
    co_await when_all(std::move(row));
  };
  rt.block_on(all());
  EXPECT_EQ(through, depth_of_joins);
}

}  // namespace
}  // namespace weft::test
