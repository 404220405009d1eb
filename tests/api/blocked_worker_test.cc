// A coroutine that keeps its worker: it is reported, and what stands behind it is done by others.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/loopback.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/when_all.h"
#include "weft/yield.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

// What a runtime says, kept.
class listener {
 public:
  [[nodiscard]] runtime_options options(unsigned workers) {
    runtime_options chosen;
    chosen.workers = workers;
    chosen.blocked_after = 1ms;
    chosen.name = "heard";
    chosen.on_blocked_worker = [this](const blocked_worker& seen) {
      const std::lock_guard guard(lock_);
      reports_.push_back({std::string(seen.runtime), std::string(seen.coroutine), seen.worker, seen.at_least,
                          seen.resumed_at});
    };
    return chosen;
  }
  struct report {
    std::string runtime, coroutine;
    std::size_t worker;
    std::chrono::nanoseconds at_least;
    std::source_location resumed_at;
  };
  [[nodiscard]] std::vector<report> of(const std::string& coroutine) {
    const std::lock_guard guard(lock_);
    std::vector<report> found;
    for (const report& each : reports_) {
      if (each.coroutine.starts_with(coroutine)) found.push_back(each);
    }
    return found;
  }
  [[nodiscard]] bool has_heard_of(const std::string& coroutine, std::size_t times = 1) {
    return test::eventually([&] { return of(coroutine).size() >= times; });
  }

 private:
  std::mutex lock_;
  std::vector<report> reports_;
};

std::atomic<std::uint32_t> awaited_at_line{0};

task<> keeps_its_worker(test::gate& until) {
  awaited_at_line = std::source_location::current().line() + 1;
  co_await yield_now();
  until.pass();
}

task<> keeps_another(test::gate& until) {
  until.pass();
  co_return;
}

TEST(blocked_worker, B6_is_reported_with_its_coroutine_and_the_await_from_which_it_went_on) {
  listener heard;
  test::gate until;
  runtime rt(heard.options(2));
  auto handle = rt.spawn(keeps_its_worker, std::ref(until));
  EXPECT_TRUE(heard.has_heard_of("weft::keeps_its_worker"));
  until.open();
  rt.block_on(std::move(handle));
  const auto reports = heard.of("weft::keeps_its_worker");
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports[0].runtime, "heard");
  EXPECT_LT(reports[0].worker, 2u);
  EXPECT_GE(reports[0].at_least, 1ms);
  EXPECT_EQ(reports[0].resumed_at.line(), awaited_at_line);
  EXPECT_TRUE(std::string(reports[0].resumed_at.file_name()).ends_with("blocked_worker_test.cc"));
}

TEST(blocked_worker, B6_is_reported_once_for_each_job) {
  listener heard;
  test::gate until, another;
  runtime rt(heard.options(3));
  auto handle = rt.spawn(keeps_its_worker, std::ref(until));
  EXPECT_TRUE(heard.has_heard_of("weft::keeps_its_worker"));
  // Whoever finds this one, later, has looked at the first one again.
  auto second = rt.spawn(keeps_another, std::ref(another));
  EXPECT_TRUE(heard.has_heard_of("weft::keeps_another"));
  EXPECT_EQ(heard.of("weft::keeps_its_worker").size(), 1u);
  until.open();
  another.open();
  rt.block_on(std::move(handle));
  rt.block_on(std::move(second));
  test::gate once_more;
  handle = rt.spawn(keeps_its_worker, std::ref(once_more));
  EXPECT_TRUE(heard.has_heard_of("weft::keeps_its_worker", 2));
  once_more.open();
  rt.block_on(std::move(handle));
}

TEST(blocked_worker, may_be_reported_to_a_function_that_takes_its_time) {
  listener heard;
  runtime_options chosen = heard.options(3);
  test::gate until, slow;
  chosen.on_blocked_worker = [&slow](const blocked_worker&) { slow.pass(); };
  runtime rt(chosen);
  auto handle = rt.spawn(keeps_its_worker, std::ref(until));
  EXPECT_TRUE(slow.is_reached());
  // One worker is blocked and one tells of it; the third one serves.
  rt.block_on(sleep_for(1ms));
  rt.block_on(yield_now());
  slow.open();
  until.open();
  rt.block_on(std::move(handle));
}

TEST(blocked_worker, options_that_cannot_be_meant_are_refused) {
  runtime_options chosen;
  chosen.blocked_after = -1ms;
  EXPECT_THROW(runtime{chosen}, std::invalid_argument);
}

// --- what stands behind it

struct behind {
  test::gate held, blocked;
  std::atomic<bool> child{false}, socket{false}, timer{false};
  std::atomic<int> ready{0};

  [[nodiscard]] bool is_all_done() const { return child && socket && timer && ready == ready_tasks; }
  static constexpr int ready_tasks = 20;
};

task<> holds_the_other_worker(behind& all) {
  all.held.pass();
  co_return;
}
task<> reads_one_byte(behind& all, tcp_stream from) {
  std::byte one[1];
  if (co_await from.read(one) == 1) all.socket = true;
}
task<> waits_for_time(behind& all) {
  co_await sleep_for(2ms);
  all.timer = true;
}
task<> is_ready(behind& all) {
  ++all.ready;
  co_return;
}
task<> is_forked(behind& all) {
  all.child = true;
  co_return;
}
// All that stands behind it was made ready on this worker, while the other one was held.
task<> blocks(behind& all) {
  all.held.open();
  all.blocked.pass();
  co_return;
}
task<bool> blocks_with_all_behind(behind& all, test::gate& is_set_up) {
  auto other = spawn(holds_the_other_worker, std::ref(all));
  if (!all.held.is_reached()) co_return false;
  test::connection ends = co_await test::connect_loopback();
  auto reader = spawn(reads_one_byte, std::ref(all), std::move(ends.first));
  auto sleeper = spawn(waits_for_time, std::ref(all));
  for (int i = 0; i < 4; ++i) co_await yield_now();  // both wait now, in this worker's reactor
  const std::byte one[1] = {};
  co_await ends.second.write_all(one);
  std::vector<join_handle<void>> ready;
  for (int i = 0; i < behind::ready_tasks; ++i) ready.push_back(spawn(is_ready, std::ref(all)));
  is_set_up.open();
  co_await when_all(blocks(all), is_forked(all));
  for (auto& each : ready) co_await each;
  co_await reader;
  co_await sleeper;
  co_await other;
  co_return true;
}

TEST(blocked_worker, B6_keeps_nothing_to_itself_that_others_could_do) {
  listener heard;
  behind all;
  test::gate is_set_up;
  runtime rt(heard.options(2));
  auto handle = rt.spawn(blocks_with_all_behind, std::ref(all), std::ref(is_set_up));
  EXPECT_TRUE(all.blocked.is_reached());
  EXPECT_TRUE(test::eventually([&] { return all.is_all_done(); }))
      << "child " << all.child << " socket " << all.socket << " timer " << all.timer << " ready "
      << all.ready;
  all.blocked.open();
  EXPECT_TRUE(rt.block_on(std::move(handle)));
}

}  // namespace
}  // namespace weft
