// A small coroutine type of another library, which awaits tasks of ours, and is awaited by them.
// SPDX-License-Identifier: Apache-2.0
#include "weft/as_awaitable.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Starts when it is called; one awaiter, or a thread that looks at is_done().
class other_task {
 public:
  struct promise_type {
    other_task get_return_object() {
      return other_task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    struct at_the_end {
      at_the_end() noexcept {}
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) const noexcept {
        void* const waiting = done.promise().word.exchange(ended(), std::memory_order_acq_rel);
        if (waiting == nullptr) return std::noop_coroutine();
        return std::coroutine_handle<>::from_address(waiting);
      }
      void await_resume() const noexcept {}
    };
    at_the_end final_suspend() const noexcept { return at_the_end(); }
    void return_value(int got) noexcept { value = got; }
    void unhandled_exception() noexcept { error = std::current_exception(); }

    static void* ended() noexcept {
      static char mark;
      return &mark;
    }
    std::atomic<void*> word = nullptr;
    int value = 0;
    std::exception_ptr error;
  };

  other_task(other_task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  other_task& operator=(other_task&&) = delete;
  ~other_task() {
    if (coroutine_) coroutine_.destroy();
  }

  [[nodiscard]] bool is_done() const noexcept {
    return coroutine_.promise().word.load(std::memory_order_acquire) == promise_type::ended();
  }
  bool await_ready() const noexcept { return is_done(); }
  bool await_suspend(std::coroutine_handle<> waiting) const noexcept {
    void* none = nullptr;
    return coroutine_.promise().word.compare_exchange_strong(
        none, waiting.address(), std::memory_order_acq_rel, std::memory_order_acquire);
  }
  int await_resume() const {
    if (coroutine_.promise().error) std::rethrow_exception(coroutine_.promise().error);
    return coroutine_.promise().value;
  }

 private:
  explicit other_task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_;
};

int end_of(const other_task& foreign) {
  EXPECT_TRUE(eventually([&] { return foreign.is_done(); }));
  return foreign.await_resume();
}

task<int> answers() {
  co_await sleep_for(1ms);
  co_return 42;
}

TEST(as_awaitable, gives_the_value_on_a_worker_of_the_runtime) {
  runtime rt({.workers = 1});
  std::thread::id home;
  const auto body = [&]() -> other_task {
    const int got = co_await as_awaitable(rt, answers());
    home = std::this_thread::get_id();
    co_await as_awaitable(rt, sleep_for(1ms));
    EXPECT_EQ(std::this_thread::get_id(), home);
    co_return got;
  };
  EXPECT_EQ(end_of(body()), 42);
  EXPECT_NE(home, std::this_thread::get_id());
}

TEST(as_awaitable, throws_what_the_task_throws) {
  runtime rt({.workers = 2});
  const auto fails = []() -> task<int> {
    co_await yield_now();
    throw std::runtime_error("its own");
  };
  const auto body = [&]() -> other_task { co_return co_await as_awaitable(rt, fails()); };
  EXPECT_THROW(end_of(body()), std::runtime_error);
}

TEST(as_awaitable, whose_task_ends_at_any_moment_is_resumed_once) {
  runtime rt({.workers = 2});
  const auto returns = [](int value) -> task<int> { co_return value; };
  const auto body = [&](int value) -> other_task { co_return co_await as_awaitable(rt, returns(value)); };
  for (int i = 0; i < 500; ++i) EXPECT_EQ(end_of(body(i)), i);
}

TEST(as_awaitable, throws_stopped_error_when_the_runtime_stops_and_when_it_has_stopped) {
  runtime rt({.workers = 2});
  door reached;
  const auto waits = [&]() -> task<int> {
    co_await reached.pass();
    co_return 1;
  };
  const auto body = [&]() -> other_task {
    int stops = 0;
    for (int i = 0; i < 2; ++i) {
      try {
        static_cast<void>(co_await as_awaitable(rt, waits()));
      } catch (const stopped_error&) {
        ++stops;
      }
    }
    co_return stops;
  };
  other_task foreign = body();
  EXPECT_TRUE(reached.is_reached());
  rt.stop();
  EXPECT_EQ(end_of(foreign), 2);
}

// Ours awaits theirs, which awaits ours, which is stopped together with the first.
TEST(stopped_error_from_outside, into_a_task_that_is_stopping_is_that_stop_again) {
  runtime rt({.workers = 2});
  record log;
  inplace_stop_source source;
  door reached;
  const auto innermost = [&]() -> task<int> {
    co_await with_stop_token(source.get_token(), reached.pass());
    co_return 1;
  };
  const auto foreign = [&]() -> other_task { co_return co_await as_awaitable(rt, innermost()); };
  const auto inner = [&]() -> task<int> {
    const mark local(log, "inner");
    co_return co_await foreign();
  };
  const auto outer = [&]() -> task<> {
    const mark local(log, "outer");
    const auto asks = [&] { source.request_stop(); };
    const inplace_stop_callback passes_on(co_await current_stop_token(), asks);
    try {
      static_cast<void>(co_await inner());
    } catch (...) {
      log.note("an exception was seen");
    }
    log.note("went on");
  };
  auto handle = rt.spawn(outer);
  EXPECT_TRUE(reached.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), (lines{"inner", "outer"}));
}

TEST(stopped_error_from_outside, into_a_child_makes_its_timeout_a_timeout) {
  runtime rt({.workers = 2});
  const auto hears_late = [&]() -> task<> {
    co_await yield_now();
    while (!is_stopping()) std::this_thread::yield();
    throw stopped_error();
  };
  EXPECT_THROW(rt.block_on(with_timeout(1ms, hears_late())), timeout_error);
}

TEST(stopped_error_from_outside, into_a_task_that_is_not_stopping_stays_an_error) {
  runtime rt({.workers = 2});
  inplace_stop_source source;
  source.request_stop();
  const auto innermost = [&]() -> task<int> {
    co_return co_await with_stop_token(source.get_token(), answers());
  };
  const auto foreign = [&]() -> other_task { co_return co_await as_awaitable(rt, innermost()); };
  const auto catches = [&]() -> task<int> {
    try {
      co_return co_await foreign();
    } catch (const stopped_error&) {
      co_return -1;
    }
  };
  EXPECT_EQ(rt.block_on(catches()), -1);
}

TEST(stopped_error_from_outside, ends_a_coroutine_whose_clean_up_runs_then) {
  runtime rt({.workers = 2});
  record log;
  const auto notes = [&]() -> task<> {
    co_await yield_now();
    log.note("clean-up");
  };
  const auto body = [&]() -> task<> {
    const mark local(log, "local");
    co_await at_coroutine_exit(notes);
    while (!is_stopping()) std::this_thread::yield();
    throw stopped_error();
  };
  EXPECT_THROW(rt.block_on(with_timeout(1ms, body())), timeout_error);
  EXPECT_EQ(log.all(), (lines{"local", "clean-up"}));
}

}  // namespace
}  // namespace weft::test
