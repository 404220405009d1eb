// block_in_place and spare workers: what blocks keeps its own chain, and nothing else.
// SPDX-License-Identifier: Apache-2.0
#include "weft/block_in_place.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/loopback.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/sync/semaphore.h"
#include "weft/task_group.h"
#include "weft/when_all.h"
#include "weft/yield.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

runtime_options with_spares(unsigned workers, unsigned spares) {
  runtime_options chosen;
  chosen.workers = workers;
  chosen.spare_workers = spares;
  chosen.blocked_after = 1ms;
  chosen.on_blocked_worker = [](const blocked_worker&) {};
  return chosen;
}

// --- the function and its result

task<> gives_back_what_the_function_gives() {
  EXPECT_EQ(block_in_place([] { return 42; }), 42);
  EXPECT_EQ(*block_in_place([] { return std::make_unique<int>(7); }), 7);
  int there = 1;
  int& same = block_in_place([&there]() -> int& { return there; });
  EXPECT_EQ(&same, &there);
  block_in_place([&there] { there = 2; });
  EXPECT_EQ(there, 2);
  EXPECT_THROW(block_in_place([] { throw std::out_of_range("thrown inside"); }), std::out_of_range);
  co_return;
}

TEST(block_in_place, B7_gives_back_what_the_function_gives_or_throws) {
  runtime rt({.workers = 1});
  rt.block_on(gives_back_what_the_function_gives());
}

TEST(block_in_place, calls_the_function_on_the_thread_it_is_on) {
  const auto self = std::this_thread::get_id();
  EXPECT_EQ(block_in_place([] { return std::this_thread::get_id(); }), self) << "no worker of anybody's";
  runtime rt(with_spares(1, 1));
  struct local {
    static task<bool> same_thread() {
      const auto mine = std::this_thread::get_id();
      const bool is_same = block_in_place([] { return std::this_thread::get_id(); }) == mine;
      co_return is_same&& std::this_thread::get_id() == mine;
    }
  };
  EXPECT_TRUE(rt.block_on(local::same_thread()));
}

// --- what stands behind it

struct behind {
  std::atomic<bool> child{false}, socket{false}, timer{false};
  std::atomic<int> ready{0};
  static constexpr int ready_tasks = 20;
  [[nodiscard]] bool is_all_done() const { return child && socket && timer && ready == ready_tasks; }
};

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
task<bool> waits_in_place(behind& all) {
  co_return block_in_place([&all] { return test::eventually([&] { return all.is_all_done(); }); });
}
task<bool> waits_in_job(behind& all) {
  co_return test::eventually([&] { return all.is_all_done(); });
}
template <class Wait>
task<bool> has_all_behind(behind& all, Wait wait) {
  test::connection ends = co_await test::connect_loopback();
  auto reader = spawn(reads_one_byte, std::ref(all), std::move(ends.first));
  auto sleeper = spawn(waits_for_time, std::ref(all));
  for (int i = 0; i < 4; ++i) co_await yield_now();
  const std::byte one[1] = {};
  co_await ends.second.write_all(one);
  std::vector<join_handle<void>> ready;
  for (int i = 0; i < behind::ready_tasks; ++i) ready.push_back(spawn(is_ready, std::ref(all)));
  const auto done = co_await when_all(wait(all), is_forked(all));
  for (auto& each : ready) co_await each;
  co_await reader;
  co_await sleeper;
  co_return std::get<0>(done);
}

TEST(block_in_place, lets_a_spare_do_all_that_the_only_worker_has_behind_it) {
  behind all;
  runtime rt(with_spares(1, 1));
  EXPECT_TRUE(rt.block_on(has_all_behind(all, waits_in_place)));
}

// A task that is woken would be what its worker runs next; here that worker is away.
TEST(block_in_place, lets_a_spare_run_what_the_function_itself_wakes) {
  runtime rt(with_spares(1, 1));
  semaphore passes(0);
  test::gate has_run;
  const auto waits = [&]() -> task<> {
    const semaphore_permit passed = co_await passes.acquire();
    has_run.open();
  };
  const auto blocks = [&]() -> task<> {
    auto waiter = spawn(waits);
    co_await yield_now();
    block_in_place([&] {
      passes.add_permits(1);
      has_run.pass();
    });
    co_await waiter;
  };
  rt.block_on(blocks());
}

TEST(block_in_place, B7_lets_the_other_workers_do_it_where_there_is_no_spare) {
  behind all;
  runtime rt(with_spares(2, 0));
  EXPECT_TRUE(rt.block_on(has_all_behind(all, waits_in_place)));
}

TEST(spare_worker, B8_does_all_that_a_blocked_only_worker_has_behind_it) {
  behind all;
  runtime rt(with_spares(1, 1));
  EXPECT_TRUE(rt.block_on(has_all_behind(all, waits_in_job)));
}

// --- who is reported

task<> blocks_in_place(test::gate& until) {
  block_in_place([&until] { until.pass(); });
  co_return;
}
task<> blocks_in_two(test::gate& until) {
  block_in_place([&until] { block_in_place([&until] { until.pass(); }); });
  co_return;
}
task<> blocks_its_worker(test::gate& until) {
  until.pass();
  co_return;
}

TEST(block_in_place, B7_is_not_reported_though_one_stands_in_another) {
  std::atomic<int> in_place{0}, in_job{0};
  runtime_options chosen = with_spares(3, 0);
  chosen.on_blocked_worker = [&](const blocked_worker& seen) {
    ++(seen.coroutine.starts_with("weft::blocks_its_worker") ? in_job : in_place);
  };
  test::gate until;
  runtime rt(chosen);
  auto one = rt.spawn(blocks_in_two, std::ref(until));
  EXPECT_TRUE(until.is_reached(1));
  auto other = rt.spawn(blocks_its_worker, std::ref(until));
  // Whoever finds this one has looked at the first one too, which is at it for longer.
  EXPECT_TRUE(test::eventually([&] { return in_job == 1; }));
  EXPECT_EQ(in_place, 0);
  until.open();
  rt.block_on(std::move(one));
  rt.block_on(std::move(other));
}

TEST(spare_worker, B8_sees_and_reports_that_all_workers_are_blocked_and_serves) {
  std::atomic<int> reports{0};
  runtime_options chosen = with_spares(2, 1);
  chosen.on_blocked_worker = [&](const blocked_worker&) { ++reports; };
  test::gate until;
  runtime rt(chosen);
  auto one = rt.spawn(blocks_its_worker, std::ref(until));
  auto two = rt.spawn(blocks_its_worker, std::ref(until));
  EXPECT_TRUE(until.is_reached(2));
  rt.block_on(sleep_for(1ms));
  rt.block_on(yield_now());
  EXPECT_TRUE(test::eventually([&] { return reports == 2; }));
  until.open();
  rt.block_on(std::move(one));
  rt.block_on(std::move(two));
}

// --- how many serve

[[nodiscard]] std::size_t resting(runtime& rt) {
  const std::string text = rt.dump();
  std::size_t found = 0;
  for (std::size_t at = text.find("a spare, rests"); at != std::string::npos;
       at = text.find("a spare, rests", at + 1)) {
    ++found;
  }
  return found;
}

TEST(spare_worker, B8_rests_again_when_the_worker_is_back) {
  runtime rt(with_spares(1, 2));
  EXPECT_TRUE(test::eventually([&] { return resting(rt) == 2; }));
  for (int i = 0; i < 3; ++i) {
    test::gate until;
    auto handle = i % 2 == 0 ? rt.spawn(blocks_in_place, std::ref(until))
                             : rt.spawn(blocks_its_worker, std::ref(until));
    EXPECT_TRUE(until.is_reached());
    EXPECT_TRUE(test::eventually([&] { return rt.block_on(yield_now()), true; }));
    until.open();
    rt.block_on(std::move(handle));
    EXPECT_TRUE(test::eventually([&] { return resting(rt) == 2; })) << rt.dump();
  }
}

task<> meets(test::meeting& all) {
  EXPECT_TRUE(all.attend());
  co_return;
}

TEST(spare_worker, as_many_serve_as_workers_are_away) {
  runtime rt(with_spares(2, 2));
  test::gate until;
  auto one = rt.spawn(blocks_in_place, std::ref(until));
  auto two = rt.spawn(blocks_in_place, std::ref(until));
  EXPECT_TRUE(until.is_reached(2));
  // Two tasks at the same time: so both spares serve.
  test::meeting all(2);
  auto three = rt.spawn(meets, std::ref(all));
  auto four = rt.spawn(meets, std::ref(all));
  rt.block_on(std::move(three));
  rt.block_on(std::move(four));
  until.open();
  rt.block_on(std::move(one));
  rt.block_on(std::move(two));
}

TEST(spare_worker, keeps_the_timers_and_sockets_of_what_it_ran) {
  runtime rt(with_spares(1, 1));
  test::gate until;
  std::atomic<bool> has_begun{false};
  auto blocked = rt.spawn(blocks_in_place, std::ref(until));
  EXPECT_TRUE(until.is_reached());
  // On the spare: a timer in its wheel, a connection that stays with the runtime.
  struct local {
    static task<std::string> talks(std::atomic<bool>& begun, std::atomic<bool>& goes_on) {
      test::connection ends = co_await test::connect_loopback();
      begun = true;
      while (!goes_on) co_await sleep_for(1ms);
      co_await ends.second.write_all(test::bytes_of("still here"));
      ends.second.shutdown_write();
      co_return co_await test::read_to_end(ends.first);
    }
  };
  std::atomic<bool> goes_on{false};
  auto talk = rt.spawn(local::talks, std::ref(has_begun), std::ref(goes_on));
  EXPECT_TRUE(test::eventually([&] { return has_begun.load(); }));
  until.open();
  rt.block_on(std::move(blocked));
  EXPECT_TRUE(test::eventually([&] { return resting(rt) == 1; })) << rt.dump();
  goes_on = true;
  EXPECT_EQ(rt.block_on(std::move(talk)), "still here");
}

// --- many at once, and the end

task<> goes_in_and_out(std::atomic<std::size_t>& done, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    block_in_place([] { std::this_thread::yield(); });
    if (i % 3 == 0) co_await yield_now();
    if (i % 16 == 0) co_await sleep_for(50us);
  }
  ++done;
}
task<> many_go_in_and_out(std::atomic<std::size_t>& done, std::size_t tasks, std::size_t times) {
  co_await with_task_group([&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < tasks; ++i) group.spawn(goes_in_and_out, std::ref(done), times);
    co_return;
  });
}

TEST(block_in_place, loses_nothing_when_many_go_in_and_out) {
  for (const unsigned spares : {0u, 1u, 3u}) {
    std::atomic<std::size_t> done{0};
    runtime rt(with_spares(2, spares));
    constexpr std::size_t tasks = 20;
    rt.block_on(many_go_in_and_out(done, tasks, test::scaled(200)));
    EXPECT_EQ(done, tasks) << spares << " spares";
  }
}

TEST(spare_worker, ends_with_the_runtime_whatever_it_is_at) {
  for (int i = 0; i < 50; ++i) {
    test::gate until;
    runtime rt(with_spares(1, 2));
    rt.spawn(blocks_in_place, std::ref(until)).detach();
    EXPECT_TRUE(i % 2 != 0 || until.is_reached());
    until.open();
    if (i % 3 == 0) rt.block_on(yield_now());
  }
}

task<bool> is_stopped_inside(test::gate& until) {
  co_return block_in_place([&until] {
    until.pass();
    return is_stopping();
  });
}

TEST(block_in_place, B7_is_not_interrupted_by_a_stop_but_may_look_for_one) {
  runtime rt(with_spares(1, 1));
  test::gate until;
  std::atomic<bool> is_over{false}, has_seen{false};
  struct local {
    static task<> asks(test::gate& g, std::atomic<bool>& seen, std::atomic<bool>& over) {
      seen = co_await is_stopped_inside(g);
      over = true;
    }
  };
  auto handle = rt.spawn(local::asks, std::ref(until), std::ref(has_seen), std::ref(is_over));
  EXPECT_TRUE(until.is_reached());
  handle.request_stop();
  EXPECT_FALSE(is_over);
  until.open();
  EXPECT_TRUE(test::eventually([&] { return is_over.load(); }));
  EXPECT_TRUE(has_seen);
  handle.detach();
}

}  // namespace
}  // namespace weft
