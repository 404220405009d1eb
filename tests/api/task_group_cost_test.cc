// What a group costs: memory by the child, none at an error, and what happens when there is none.
//
// This program has its own operator new: it counts, and refuses on request, on the thread that asked for it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/check_error.h"
#include "tests/support/counting_new.h"
#include "tests/support/record.h"
#include "weft/completions.h"
#include "weft/runtime.h"
#include "weft/sync/semaphore.h"
#include "weft/task_group.h"
#include "weft/unstoppable.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

// No worker runs meanwhile, so that all children live at once: the body spawns, and the one worker is its own.
template <class Child>
std::size_t bytes_for(int count, const Child& child) {
  runtime rt({.workers = 1});
  std::size_t taken = 0;
  const auto body = [&](task_group& group) -> task<> {
    const std::size_t before = allocated_bytes;
    for (int i = 0; i < count; ++i) EXPECT_TRUE(group.spawn(child));
    taken = allocated_bytes - before;
    co_return;
  };
  rt.block_on(with_task_group(body));
  return taken;
}

TEST(task_group_cost, of_a_million_children_is_their_frames_and_blocks) {
  constexpr int count = 1'000'000;
  std::atomic<int> ended = 0;
  const auto child = [&]() -> task<> {
    ended.fetch_add(1, std::memory_order_relaxed);
    co_return;
  };
  const std::size_t taken = bytes_for(count, child);
  EXPECT_EQ(ended, count);
  // A frame with nothing in it and a block: a bound with air, which a queue or a list by the child would break.
  EXPECT_LE(taken / count, 640u);
}

TEST(task_group_cost, of_a_child_is_two_blocks_at_most) {
  constexpr int count = 1000;
  const auto child = []() -> task<> { co_return; };
  runtime rt({.workers = 1});
  std::size_t taken = 0;
  const auto body = [&](task_group& group) -> task<> {
    const std::size_t before = allocations;
    for (int i = 0; i < count; ++i) EXPECT_TRUE(group.spawn(child));
    taken = allocations - before;
    co_return;
  };
  rt.block_on(with_task_group(body));
  EXPECT_LE(taken, std::size_t{2} * count);
}

// A refusal at every allocation of a spawn, one after the other: the group stays as it was.
template <class Spawn>
void refuse_each(const Spawn& spawn) {
  runtime rt({.workers = 1});
  census here;
  std::atomic<int> ran = 0;
  int admitted = 0;
  int refused = 0;
  {
    task_group group(rt);
    completions<int> ends(group);
    const std::string text = "a text that is too long to be kept in place";
    for (int k = 1; k < 50; ++k) {
      resident local(here);
      until_refusal = k;
      try {
        if (spawn(group, ends, ran, std::move(local), text)) ++admitted;
      } catch (const std::bad_alloc&) {
        ++refused;
      }
      const bool is_over = until_refusal > 0;
      until_refusal = 0;
      if (is_over) break;
    }
    rt.block_on(group.join());
  }
  EXPECT_EQ(ran, admitted);
  EXPECT_EQ(admitted, 1) << "the one that was not refused";
  EXPECT_GE(refused, 2) << "block, text, frame: some may come from what is recycled";
  EXPECT_EQ(here.living(), 0);
}

task<> counts(std::atomic<int>& ran, resident, std::string) {
  ++ran;
  co_return;
}
task<int> gives(std::atomic<int>& ran, resident, std::string) {
  ++ran;
  co_return 1;
}

TEST(task_group_memory, that_is_refused_at_any_allocation_of_a_spawn_leaves_the_group_as_it_was) {
  refuse_each([](task_group& group, auto&, std::atomic<int>& ran, resident local, const std::string& text) {
    return group.spawn(&counts, std::ref(ran), std::move(local), text);
  });
}

TEST(task_group_memory, that_is_refused_at_any_allocation_of_a_named_spawn_leaves_the_group_as_it_was) {
  refuse_each([](task_group& group, auto&, std::atomic<int>& ran, resident local, const std::string& text) {
    return group.spawn(named(text), &counts, std::ref(ran), std::move(local), text);
  });
}

TEST(task_group_memory, that_is_refused_at_any_allocation_of_a_completion_leaves_the_group_as_it_was) {
  refuse_each([](task_group&, auto& ends, std::atomic<int>& ran, resident local, const std::string& text) {
    return ends.spawn(&gives, std::ref(ran), std::move(local), text);
  });
}

// The error was thrown while there was memory; keeping it, stopping the siblings and ending them needs none.
TEST(task_group_memory, is_not_needed_to_keep_an_error) {
  runtime rt({.workers = 1});
  census here;
  const auto fails = [&](resident) -> task<> {
    struct refuses_from_now_on {
      ~refuses_from_now_on() { until_refusal = 1; }
    };
    const refuses_from_now_on at_the_end;
    throw std::runtime_error("kept");
    co_return;
  };
  const auto sibling = [&](resident) -> task<> {
    while (true) co_await yield_now();
  };
  const auto frees = []() -> task<> {
    until_refusal = 0;
    co_return;
  };
  task_group group(rt);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(group.spawn(sibling, resident(here)));
  EXPECT_TRUE(group.spawn(fails, resident(here)));
  EXPECT_TRUE(eventually([&] { return group.size() == 0; }));
  EXPECT_EQ(here.living(), 0) << "callable and arguments of a failed child go at its end";
  rt.block_on(frees());
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(group.join());
              return 0;
            }),
            "kept");
}

// The n-th allocation of the worker is refused, from the moment that the first child fails.
TEST(task_group_memory, that_is_refused_while_errors_are_collected_loses_none_of_them) {
  bool was_refused_to_the_group = false;
  bool is_over = false;
  for (int nth = 1; nth < 200 && !is_over; ++nth) {
    std::mutex lock;
    std::vector<std::string> heard;
    runtime_options chosen;
    chosen.workers = 1;
    chosen.on_unhandled_error = [&](const unhandled_error& lost) {
      const std::lock_guard guard(lock);
      heard.push_back(text_of(lost.error));
    };
    runtime rt(chosen);
    // Made before, because a text needs memory.
    const std::exception_ptr errors[] = {std::make_exception_ptr(std::runtime_error("first")),
                                         std::make_exception_ptr(std::runtime_error("second")),
                                         std::make_exception_ptr(std::runtime_error("third"))};
    semaphore first_has_failed{0};
    const auto waits = [&](int which) -> task<> {
      const semaphore_permit told = co_await first_has_failed.acquire();
      std::rethrow_exception(errors[which]);
    };
    const auto fails_late = [&](int which) -> task<> { co_await unstoppable(waits(which)); };
    const auto fails_first = [&]() -> task<> {
      first_has_failed.add_permits(2);
      until_refusal = nth;
      std::rethrow_exception(errors[0]);
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      EXPECT_TRUE(group.spawn(fails_late, 1));
      EXPECT_TRUE(group.spawn(fails_late, 2));
      EXPECT_TRUE(group.spawn(named("a name that is too long to be kept in place"), fails_first));
      co_return;
    };
    std::vector<std::string> thrown;
    const auto outer = [&]() -> task<> {
      try {
        co_await with_task_group(body);
      } catch (const error_group& several) {
        is_over = until_refusal != 0;
        until_refusal = 0;
        for (const child_error& each : several.errors()) {
          EXPECT_FALSE(each.stack.empty());
          thrown.push_back(text_of(each.error));
        }
      } catch (const std::exception& one) {
        until_refusal = 0;
        was_refused_to_the_group = true;
        thrown.emplace_back(one.what());
      }
    };
    rt.block_on(outer());
    const std::lock_guard guard(lock);
    thrown.insert(thrown.end(), heard.begin(), heard.end());
    EXPECT_EQ(thrown, (lines{"first", "second", "third"})) << "refused: allocation " << nth;
  }
  EXPECT_TRUE(is_over);
  EXPECT_TRUE(was_refused_to_the_group);
}

}  // namespace
}  // namespace weft::test
