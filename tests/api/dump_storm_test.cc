// runtime::dump() while everything else goes on: spawns, stops, timeouts, dropped handles, grants, foreign
// threads and the end of the runtime. Here for the sanitizers, and against hangs: nobody looks at the text.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr dump_options hasty{.patience = 20ms, .most_tasks = 500};

// Coroutines that wait for a thread of the test to resume them.
class foreign_shelf {
 public:
  struct awaiter {
    foreign_shelf& on;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      const std::lock_guard guard(on.lock_);
      on.waiting_.push_back(waiting);
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] awaiter lie() noexcept { return {*this}; }
  void resume_all() {
    std::vector<std::coroutine_handle<>> taken;
    {
      const std::lock_guard guard(lock_);
      taken.swap(waiting_);
    }
    for (const std::coroutine_handle<> each : taken) each.resume();
  }

 private:
  std::mutex lock_;
  std::vector<std::coroutine_handle<>> waiting_;
};

struct weather {
  semaphore permits{0};
  foreign_shelf shelf;
  std::atomic<std::size_t> reports{0};
  runtime* rt = nullptr;
};

task<> nap(int i) {
  co_await sleep_for(std::chrono::microseconds(i % 500));
}
task<> take(weather& w) {
  const semaphore_permit one = co_await w.permits.acquire();
  co_await yield_now();
}
task<> lie(weather& w) {
  co_await w.shelf.lie();
}
task<> brief(weather& w, int i) {
  switch (i % 8) {
    case 0:
      co_await with_timeout(std::chrono::microseconds(i % 300), take(w));
      break;
    case 1:
      co_await when_all(nap(i), nap(i + 1), nap(i + 2));
      break;
    case 2: {
      const auto body = [&w, i](task_group& group) -> task<> {
        for (int n = 0; n < 3; ++n) group.spawn(nap, i + n);
        group.spawn(lie, std::ref(w));
        co_await nap(i);
        if (i % 3 == 0) group.request_stop();
      };
      co_await with_task_group(body);
      break;
    }
    case 3:
      co_await spawn(nap, i);
      break;
    case 4: {
      const auto nothing = [] {};
      co_await spawn_blocking(nothing);
      break;
    }
    case 5:
      co_await lie(w);
      break;
    case 6:
      w.reports += w.rt->dump(hasty).size() != 0;
      break;
    default:
      co_await take(w);
  }
}
task<> guarded(weather& w, int i) {
  try {
    co_await brief(w, i);
  } catch (const timeout_error&) {  // meant
  } catch (const stopped_error&) {  // a task of ours that was stopped with us
  }
}

TEST(dump_storm, of_spawns_stops_timeouts_grants_and_reports_ends_with_every_task_and_every_report) {
  const int rounds = static_cast<int>(scaled(20'000));
  weather w;
  runtime rt({.workers = 3, .on_unhandled_error = [](const unhandled_error&) {}});
  w.rt = &rt;
  std::atomic<bool> is_over{false};
  std::vector<std::thread> all;
  for (int n = 0; n < 2; ++n) {
    all.emplace_back([&] {
      while (!is_over.load()) w.reports += rt.dump(hasty).size() != 0;
    });
  }
  all.emplace_back([&] {
    while (!is_over.load()) {
      w.shelf.resume_all();
      w.permits.add_permits(1);
      std::this_thread::yield();
    }
  });
  std::vector<join_handle<void>> held;
  for (int i = 0; i < rounds; ++i) {
    held.push_back(rt.spawn(guarded, std::ref(w), i));
    if (i % 5 == 0) held[held.size() / 2].request_stop();
    if (i % 64 == 63) {
      for (auto& each : held) each.request_stop();
      held.clear();  // drops handles of tasks that live and of tasks that have ended
    }
  }
  for (auto& each : held) each.request_stop();
  held.clear();
  EXPECT_TRUE(eventually([&] { return rt.dump().find(" 0 tasks") != std::string::npos; }));
  is_over = true;
  for (std::thread& each : all) each.join();
  EXPECT_GT(w.reports.load(), 0u);
}

TEST(dump_storm, while_the_runtime_stops_neither_hangs_nor_is_hung_up) {
  for (std::size_t round = 0; round < scaled(100); ++round) {
    runtime rt({.workers = 2});
    std::vector<join_handle<void>> held;
    for (int i = 0; i < 20; ++i) held.push_back(rt.spawn(nap, 100 + i));
    std::atomic<bool> is_over{false};
    std::thread reporter([&] {
      do {
        EXPECT_FALSE(rt.dump().empty());
      } while (!is_over.load());
    });
    rt.stop();
    is_over = true;
    reporter.join();
  }
}

TEST(dump_storm, of_two_runtimes_that_report_about_each_other_waits_for_its_patience_at_most) {
  runtime one({.workers = 1}), other({.workers = 1});
  const auto about = [](runtime& which) -> task<> {
    for (int i = 0; i < 20; ++i) {
      EXPECT_FALSE(which.dump({.patience = 1ms}).empty());
      co_await yield_now();
    }
  };
  auto first = one.spawn(about, std::ref(other));
  auto second = other.spawn(about, std::ref(one));
  EXPECT_TRUE(eventually([&] { return first.is_done() && second.is_done(); }));
}

}  // namespace
}  // namespace weft::test
