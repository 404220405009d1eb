// runtime::dump(): each wait is named, each await has its place, and nobody is disturbed for good.
//
// What a task does becomes visible after a while, so tests ask until the text says it, with a bound.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/loopback.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr auto ages = 1h;
// Nobody is busy here: a machine that is slow is waited for.
const dump_options calm{.patience = patience};

// Without the namespace of this file.
std::string dump_of(runtime& rt, const dump_options& how = calm) {
  constexpr std::string_view here = "weft::test::";
  std::string text = rt.dump(how);
  for (std::size_t at = 0; (at = text.find(here, at)) != std::string::npos;) text.erase(at, here.size());
  return text;
}

[[nodiscard]] bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Asks until the text has all of `parts`; the last text.
std::string dump_with(runtime& rt, const std::vector<std::string>& parts) {
  std::string text;
  const bool is_there = eventually([&] {
    text = dump_of(rt);
    for (const std::string& part : parts) {
      if (!has(text, part)) return false;
    }
    return true;
  });
  EXPECT_TRUE(is_there) << text;
  return text;
}

std::string at_line(int line) {
  return std::string(" at ") + __FILE__ + ':' + std::to_string(line);
}

task<> nap() {
  co_await sleep_for(ages);
}
constexpr int nap_line = __LINE__ - 2;

task<> acquire(semaphore& from) {
  const semaphore_permit held = co_await from.acquire();
}
constexpr int acquire_line = __LINE__ - 2;

TEST(dump, of_a_runtime_that_has_run_nothing_names_its_workers_and_no_task) {
  runtime rt({.workers = 3, .name = "calm"});
  const std::string text = rt.dump(calm);
  EXPECT_TRUE(has(text, "weft runtime 'calm': 3 workers, 0 tasks")) << text;
  for (const char* each : {"calm-0", "calm-1", "calm-2"}) EXPECT_TRUE(has(text, each)) << text;
  EXPECT_FALSE(has(text, "\n  - ")) << text;
  EXPECT_TRUE(has(dump_with(rt, {"asleep"}), "shared: 0 jobs"));
  EXPECT_TRUE(has(text, "counted since the start\n  all: 0 jobs, 0 spawns, 0 forks")) << text;
}

TEST(dump, of_a_stopped_runtime_names_workers_that_have_ended) {
  runtime rt({.workers = 2});
  rt.stop();
  const std::string text = rt.dump(calm);
  EXPECT_TRUE(has(text, "weft-0 (thread")) << text;
  EXPECT_TRUE(has(text, "): ended")) << text;
}

TEST(dump, names_a_sleeping_task_its_place_and_its_time) {
  runtime rt({.workers = 2});
  rt.spawn(nap).detach();
  const std::string text = dump_with(rt, {"nap(): sleeping, due in 3"});
  EXPECT_TRUE(has(text, "nap()" + at_line(nap_line))) << text;
  EXPECT_TRUE(has(text, "timers: 1;")) << text;
}

TEST(dump, names_a_semaphore_and_a_join_handle_with_its_task) {
  semaphore none{0};
  runtime rt({.workers = 1});
  auto waiting = rt.spawn(acquire, std::ref(none));
  const auto join = [&]() -> task<> { co_await waiting; };
  auto joined = rt.spawn(join);
  dump_with(rt, {": a semaphore\n", ": a join_handle of "});
  none.add_permits(1);
  rt.block_on([](join_handle<void> all) -> task<> { co_await all; }(std::move(joined)));
  EXPECT_TRUE(has(rt.dump(calm), " 0 tasks"));
}

TEST(dump, names_functions_on_the_pools_and_those_that_queue) {
  gate held;
  runtime rt({.workers = 1, .compute_threads = 1, .blocking_threads = 1});
  const auto wait = [&held] { held.pass(); };
  const auto blocking = [&]() -> task<> { co_await spawn_blocking(wait); };
  const auto computing = [&]() -> task<> { co_await compute(wait); };
  for (int i = 0; i < 2; ++i) {
    rt.spawn(blocking).detach();
    rt.spawn(computing).detach();
  }
  dump_with(rt, {"spawn_blocking, on a thread", "spawn_blocking, queued", "compute, on a thread",
                 "compute, queued", "blocking: 1 threads, 0 of them idle; 1 calls queued"});
  held.open();
}

TEST(dump, names_the_descriptor_that_is_read_accepted_from_and_one_that_was_closed) {
  runtime rt({.workers = 1});
  connection ends = rt.block_on(connect_loopback());
  auto reading = rt.spawn([&]() -> task<> { static_cast<void>(co_await read_to_end(ends.first)); });
  auto listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  auto accepting = rt.spawn([&]() -> task<> { static_cast<void>(co_await accept_one(listener)); });
  const std::string text = dump_with(rt, {"I/O: reading descriptor ", "I/O: accepting on descriptor "});
  EXPECT_TRUE(has(text, ", 2 waited for")) << text;
  accepting.request_stop();
  ends.second.close();
  EXPECT_TRUE(eventually([&] { return accepting.is_done() && reading.is_done(); }));
}

task<> both(semaphore& from) {
  co_await when_all(nap(), acquire(from), []() -> task<> { co_return; }());
}
constexpr int both_line = __LINE__ - 2;

task<> limited(semaphore& from) {
  co_await with_timeout(ages, acquire(from));
}
constexpr int limited_line = __LINE__ - 2;

task<> outer(semaphore& from) {
  const auto body = [&from](task_group& group) -> task<> {
    group.spawn(both, std::ref(from));
    group.spawn(limited, std::ref(from));
    co_await nap();
  };
  co_await with_task_group(body);
}
constexpr int outer_line = __LINE__ - 2;

TEST(dump, of_a_group_of_joins_of_sleepers_is_a_tree_with_every_await_in_its_place) {
  semaphore none{0};
  runtime rt({.workers = 2});
  auto root = rt.spawn(outer, std::ref(none));
  const std::string text = dump_with(
      rt, {"with_task_group: the body and 2 children\n", "when_all: 2 of 3 children left\n", "    - both(",
           "    - limited(", "      - nap(): sleeping", "      - acquire(", "): with_timeout, due in "});
  // Where things stand in the text: a parent before its children, a chain from the outside to the inside.
  const auto place_of = [&](const std::string& part, std::size_t from = 0) {
    const std::size_t at = text.find(part, from);
    EXPECT_NE(at, std::string::npos) << part << " is missing in\n" << text;
    return at;
  };
  const std::size_t group = place_of("\n  - outer(");
  EXPECT_LT(group, place_of(at_line(outer_line) + '\n', group));
  const std::size_t join = place_of("\n    - both(", group);
  EXPECT_LT(join, place_of(at_line(both_line) + '\n', join));
  const std::size_t leaf = place_of("\n      - nap(): sleeping, due in ", join);
  EXPECT_LT(leaf, place_of("\n          nap()" + at_line(nap_line) + '\n', leaf));
  const std::size_t timeout = place_of("): with_timeout, due in ", group);
  EXPECT_LT(timeout, place_of(at_line(limited_line) + '\n', timeout));
  EXPECT_LT(timeout, place_of(at_line(acquire_line) + '\n', timeout));
  EXPECT_TRUE(has(text, ": has ended\n")) << text;
  root.request_stop();
}

TEST(dump, of_a_plain_task_group_has_its_children_below_it) {
  runtime rt({.workers = 1});
  task_group group(rt);
  ASSERT_TRUE(group.spawn(nap));
  dump_with(rt, {"a task_group: 1 children\n    - nap(): sleeping"});
  group.request_stop();
  rt.block_on(group.join());
}

// Suspends for good, until the test resumes it.
struct by_hand {
  std::coroutine_handle<>& kept;
  std::atomic<bool>& is_kept;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const noexcept {
    kept = waiting;
    is_kept.store(true, std::memory_order_release);
  }
  void await_resume() const noexcept {}
};

TEST(dump, calls_a_task_by_its_name_and_says_where_it_was_spawned) {
  semaphore none{0};
  runtime rt({.workers = 1});
  auto alone = rt.spawn(named("sweeper"), nap);
  const std::string alone_line = ":" + std::to_string(__LINE__ - 1) + "\n";
  auto nameless = rt.spawn(acquire, std::ref(none));
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(named("fetch 3"), acquire, std::ref(none));
    co_await nap();
  };
  const std::string child_line = ":" + std::to_string(__LINE__ - 3) + "\n";
  auto grouped = rt.spawn(with_task_group(body));
  const std::string grouped_line = ":" + std::to_string(__LINE__ - 1) + "\n";
  const std::string text =
      dump_with(rt, {"\n  - sweeper: sleeping", "\n    - fetch 3: a semaphore\n        spawned at "});
  const auto line_after = [&](const char* part) {
    const std::size_t next = text.find('\n', text.find(part) + 1) + 1;
    return text.substr(next, text.find('\n', next) + 1 - next);
  };
  EXPECT_TRUE(has(line_after("- sweeper: "), "      spawned at ")) << text;
  EXPECT_TRUE(line_after("- sweeper: ").ends_with("dump_test.cc" + alone_line)) << text;
  EXPECT_TRUE(line_after("- fetch 3: ").ends_with("dump_test.cc" + child_line)) << text;
  EXPECT_TRUE(line_after(": with_task_group").ends_with("dump_test.cc" + grouped_line)) << text;
  EXPECT_FALSE(has(line_after("\n  - acquire("), "spawned at")) << "not known, so not said\n" << text;
  for (auto* each : {&alone, &nameless, &grouped}) each->request_stop();
}

TEST(dump, says_that_a_task_waits_for_something_foreign_only_while_it_does) {
  std::coroutine_handle<> kept;
  std::atomic<bool> is_kept{false};
  runtime rt({.workers = 1});
  const auto body = [&]() -> task<> {
    co_await by_hand{kept, is_kept};
    co_await nap();
  };
  auto waiting = rt.spawn(body);
  ASSERT_TRUE(eventually([&] { return is_kept.load(std::memory_order_acquire); }));
  dump_with(rt, {"something that is not weft's"});
  kept.resume();
  EXPECT_FALSE(has(dump_with(rt, {"nap()" + at_line(nap_line)}), "not weft's"));
  waiting.request_stop();
}

TEST(dump, says_that_a_task_which_was_asked_to_stop_is_stopping) {
  gate held;
  runtime rt({.workers = 1});
  const auto wait = [&held] { held.pass(); };
  auto waiting = rt.spawn([&]() -> task<> { co_await spawn_blocking(wait); });
  ASSERT_TRUE(held.is_reached());
  waiting.request_stop();
  dump_with(rt, {"spawn_blocking, on a thread, stopping"});
  held.open();
}

std::string asked_inside(runtime& rt) {
  return rt.dump(calm);
}
task<std::string> ask(runtime& rt) {
  co_await yield_now();
  co_return asked_inside(rt);
}
constexpr int ask_line = __LINE__ - 3;
task<std::string> ask_deeper(runtime& rt) {
  co_return co_await ask(rt);
}
constexpr int ask_deeper_line = __LINE__ - 2;

TEST(dump, inside_a_task_shows_that_task_running_with_its_awaits) {
  runtime rt({.workers = 2});
  const std::string text = rt.block_on(ask_deeper(rt));
  EXPECT_TRUE(has(text, ": running, asks for this report\n")) << text;
  const std::size_t outside = text.find(at_line(ask_deeper_line)), inside = text.find(at_line(ask_line));
  EXPECT_LT(outside, inside) << text;
  EXPECT_NE(inside, std::string::npos) << text;
}

TEST(dump, inside_a_child_of_a_join_shows_the_join_and_the_child_running) {
  runtime rt({.workers = 1});
  const auto body = [&]() -> task<std::string> {
    auto both_of = co_await when_all(ask(rt), []() -> task<> { co_await yield_now(); }());
    co_return std::get<0>(both_of);
  };
  const std::string text = rt.block_on(body());
  EXPECT_TRUE(has(text, ": when_all: ")) << text;
  EXPECT_TRUE(has(text, "ask(")) << text;
  EXPECT_TRUE(has(text, ": running, asks for this report\n")) << text;
}

// Its destructor asks, in the middle of an unwinding.
struct asks_at_its_end {
  runtime& rt;
  std::string& text;
  explicit asks_at_its_end(runtime& in, std::string& into) : rt(in), text(into) {}
  asks_at_its_end(const asks_at_its_end&) = delete;
  asks_at_its_end& operator=(const asks_at_its_end&) = delete;
  ~asks_at_its_end() { text = rt.dump(calm); }
};
task<> asks_when_it_is_unwound(runtime& rt, std::string& text) {
  const asks_at_its_end last(rt, text);
  co_await nap();
}

TEST(dump, inside_a_destructor_of_a_task_that_is_unwound_shows_what_is_left_of_it) {
  std::string text;
  runtime rt({.workers = 2});
  auto waiting = rt.spawn(asks_when_it_is_unwound, std::ref(rt), std::ref(text));
  dump_with(rt, {"sleeping"});
  waiting.request_stop();
  EXPECT_TRUE(eventually([&] { return waiting.is_done(); }));
  EXPECT_TRUE(has(text, "1 tasks")) << text;
  EXPECT_TRUE(has(text, "running, asks for this report, stopping")) << text;
}

task<> spin_until(std::atomic<bool>& is_spinning, std::atomic<bool>& may_end) {
  co_await yield_now();
  is_spinning.store(true, std::memory_order_release);
  while (!may_end.load(std::memory_order_acquire)) std::this_thread::yield();
}

TEST(dump, names_a_worker_that_does_not_come_with_what_it_resumed_and_waits_no_longer) {
  std::atomic<bool> is_spinning{false}, may_end{false};
  runtime rt({.workers = 2});
  rt.spawn(nap).detach();
  auto spinning = rt.spawn(spin_until, std::ref(is_spinning), std::ref(may_end));
  ASSERT_TRUE(eventually([&] { return is_spinning.load(std::memory_order_acquire); }));
  const std::string text = dump_of(rt, {.patience = 1ms});
  EXPECT_TRUE(has(text, "BUSY: has not come to a pause for 1 ms; its job resumed ")) << text;
  EXPECT_TRUE(has(text, "spin_until(")) << text;
  EXPECT_TRUE(has(text, "2 tasks")) << text;
  EXPECT_TRUE(has(text, "not walked")) << text;
  may_end.store(true, std::memory_order_release);
  EXPECT_FALSE(has(dump_with(rt, {"1 tasks", "sleeping"}), "BUSY"));
}

TEST(dump, of_a_chain_of_a_million_frames_loses_the_middle) {
  struct chain {
    static task<> of(std::size_t depth) {
      if (depth == 1) co_await nap();
      if (depth > 1) co_await of(depth - 1);
    }
  };
  runtime rt({.workers = 1});
  const std::size_t depth = scaled(1'000'000);
  auto deep = rt.spawn(&chain::of, depth);
  const std::string text =
      dump_with(rt, {"... " + std::to_string(depth + 1 - 32) + " more frames ...", "sleeping"});
  EXPECT_LT(text.size(), 20'000u);
  deep.request_stop();
}

TEST(dump, of_joins_twenty_thousand_deep_neither_overflows_nor_grows_without_bound) {
  struct tree {
    static task<> of(std::size_t depth) {
      if (depth == 0) co_await nap();
      if (depth > 0) co_await with_timeout(ages, of(depth - 1));
    }
  };
  runtime rt({.workers = 1});
  const std::size_t depth = scaled(20'000);
  auto deep = rt.spawn(&tree::of, depth);
  std::string text = dump_with(rt, {"[level 100] - "});
  EXPECT_LT(text.size(), 10'000u * 1000);
  EXPECT_TRUE(
      eventually([&] { return has(rt.dump({.patience = patience, .most_tasks = depth + 10}), "sleeping"); }));
  deep.request_stop();
}

TEST(dump, counts_what_it_leaves_out) {
  runtime rt({.workers = 1});
  std::vector<join_handle<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(rt.spawn(nap));
  const std::string text = rt.dump({.patience = patience, .most_tasks = 3});
  EXPECT_TRUE(has(text, "10 tasks")) << text;
  EXPECT_TRUE(has(text, "... and 7 more\n")) << text;
}

}  // namespace
}  // namespace weft::test
