// A stop throws nothing: counted where every throw of the program passes.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace {

std::atomic<int> thrown = 0;

}  // namespace

// In place of the C++ runtime's, which it calls. By its label, as compilers declare the name themselves.
extern "C" [[noreturn]] void count_and_throw(void* object, void* type,
                                             void (*destroy)(void*)) asm("__cxa_throw");
extern "C" void count_and_throw(void* object, void* type, void (*destroy)(void*)) {
  ++thrown;
  using throw_fn = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<throw_fn>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  next(object, type, destroy);
  std::abort();
}

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr int tasks = 10'000;
constexpr int depth = 5;

task<> level(census& here, std::atomic<int>& waiting, semaphore& none, int below) {
  const resident local(here);
  if (below > 0) {
    co_await level(here, waiting, none, below - 1);
  } else {
    ++waiting;
    const semaphore_permit never = co_await none.acquire();
  }
}

TEST(stop, of_ten_thousand_tasks_five_awaits_deep_throws_nothing) {
  runtime rt({.workers = 2});
  census here;
  semaphore none(0);
  std::atomic<int> waiting = 0;
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < tasks; ++i) {
      group.spawn(level, std::ref(here), std::ref(waiting), std::ref(none), depth - 1);
    }
    while (waiting < tasks) co_await yield_now();
    group.request_stop();
  };
  thrown = 0;
  rt.block_on(with_task_group(body));
  EXPECT_EQ(thrown, 0);
  EXPECT_EQ(here.born(), tasks * depth);
  EXPECT_EQ(here.living(), 0);
}

TEST(stop, at_the_end_of_the_runtime_throws_nothing) {
  thrown = 0;
  census here;
  semaphore none(0);
  std::atomic<int> waiting = 0;
  {
    runtime rt({.workers = 2});
    for (int i = 0; i < 100; ++i) rt.spawn(level(here, waiting, none, depth - 1)).detach();
    EXPECT_TRUE(eventually([&] { return waiting == 100; }));
  }
  EXPECT_EQ(thrown, 0);
  EXPECT_EQ(here.living(), 0);
}

// So that the counter is known to count.
TEST(stop, that_a_handle_tells_of_is_one_exception) {
  runtime rt({.workers = 1});
  thrown = 0;
  const auto sleeps = []() -> task<> { co_await sleep_for(1h); };
  auto handle = rt.spawn(sleeps);
  handle.request_stop();
  const auto join = [&]() -> task<bool> {
    try {
      co_await handle;
    } catch (const stopped_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(rt.block_on(join()));
  EXPECT_EQ(thrown, 1);
}

}  // namespace
}  // namespace weft::test
