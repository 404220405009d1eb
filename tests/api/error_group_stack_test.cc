// Async stacks: which awaits an error came through, when a group, or the runtime, tells of it.
//
// Each test compares the places of the stack with lines of this file: names differ from compiler to compiler.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using places = std::vector<unsigned>;  // lines

// The places in this file alone: joins and groups have coroutines of their own in between.
places ours(std::span<const std::source_location> stack) {
  places all;
  for (const std::source_location& each : stack) {
    if (std::string_view(each.file_name()).find("_test.cc") != std::string_view::npos)
      all.push_back(each.line());
  }
  return all;
}

// Two children, so that a group of them tells: the second one fails when the first one has.
struct two_failing : testing::Test {
  // What a group says of a child that awaits `fails()`.
  template <class Child>
  child_error told_of(Child fails) {
    child_error found;
    meeting both_run(2);
    semaphore first_has_failed{0};
    const auto first = [&]() -> task<> {
      struct at_the_end {
        semaphore& tells;
        ~at_the_end() { tells.add_permits(1); }
      };
      EXPECT_TRUE(both_run.attend());
      const at_the_end leaves{first_has_failed};
      co_await fails();
    };
    const auto second = [&]() -> task<> {
      EXPECT_TRUE(both_run.attend());
      const semaphore_permit told = co_await unstoppable(first_has_failed.acquire());
      throw std::runtime_error("sibling");
    };
    const auto body = [&](task_group& group) -> task<> {
      EXPECT_TRUE(group.spawn(named("first"), first));
      EXPECT_TRUE(group.spawn(second));
      co_return;
    };
    try {
      rt.block_on(with_task_group(body));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const error_group& several) {
      text = several.what();
      for (const child_error& each : several.errors()) {
        if (each.name == "first") found = each;
      }
    }
    return found;
  }

  // The lines of the stack, without that of told_of's own coroutine, which is the outermost.
  template <class Child>
  places stack_of(Child fails) {
    const child_error told = told_of(std::move(fails));
    EXPECT_EQ(told.stack.empty(), false);
    if (told.stack.empty()) return {};
    EXPECT_EQ(told.stack.back().line(), told.where.line());
    EXPECT_EQ(told.left_out, 0u);
    places all = ours(told.stack);
    all.pop_back();
    return all;
  }

  std::string text;
  runtime rt{{.workers = 2}};
};

task<> yields_and_fails(const char* what) {
  co_await yield_now();
  throw std::runtime_error(what);
}
constexpr unsigned fails_line = __LINE__ - 3;
task<> awaits_it(const char* what) {
  co_await yields_and_fails(what);
}
constexpr unsigned awaits_line = __LINE__ - 2;

TEST_F(two_failing, children_are_told_with_every_await_the_error_came_through) {
  const auto outer = []() -> task<> { co_await awaits_it("deep"); };
  const unsigned outer_line = __LINE__ - 1;
  EXPECT_EQ(stack_of(outer), (places{fails_line, awaits_line, outer_line}));
  // The outermost first, as in a dump. The errors come in either order, and the last line has no end.
  text += '\n';
  const std::size_t name = text.find("\n  first: deep\n"), spawned = text.find("\n    spawned at ", name),
                    outside = text.find(":" + std::to_string(outer_line) + "\n", spawned),
                    inside = text.find(":" + std::to_string(fails_line) + "\n", outside);
  EXPECT_NE(inside, std::string::npos) << text;
}

TEST_F(two_failing, an_error_that_was_handled_half_way_does_not_lend_its_awaits_to_the_next_one) {
  unsigned thrower_line = 0;
  const auto retries = [&]() -> task<> {
    for (int i = 0; i < 3; ++i) {
      try {
        co_await awaits_it("attempt");
      } catch (const std::runtime_error&) {
      }
    }
    thrower_line = __LINE__ - 4;
    throw std::runtime_error("attempt");  // the same type and text, and likely the same address
  };
  EXPECT_EQ(stack_of(retries).size(), 1u);
  EXPECT_EQ(stack_of(retries), places{thrower_line});
}

TEST_F(two_failing, a_second_error_thrown_deeper_later_has_its_own_awaits) {
  const auto again = []() -> task<> {
    try {
      co_await awaits_it("first");
    } catch (const std::runtime_error&) {
    }
    co_await yields_and_fails("second");
  };
  const unsigned line = __LINE__ - 2;
  EXPECT_EQ(stack_of(again), (places{fails_line, line}));
}

TEST_F(two_failing, an_error_thrown_inside_a_handler_begins_a_stack_of_its_own) {
  const auto wraps = []() -> task<> {
    try {
      co_await awaits_it("cause");
    } catch (const std::runtime_error&) {
      throw std::logic_error("effect");
    }
  };
  const unsigned line = __LINE__ - 5;
  EXPECT_EQ(stack_of(wraps), places{line});
}

TEST_F(two_failing, an_error_thrown_again_goes_on_with_its_stack) {
  const auto again = []() -> task<> {
    try {
      co_await awaits_it("seen");
    } catch (const std::runtime_error&) {
      throw;
    }
  };
  const unsigned line = __LINE__ - 5;
  EXPECT_EQ(stack_of(again), (places{fails_line, awaits_line, line}));
}

TEST_F(two_failing, an_error_kept_while_something_else_is_awaited_goes_on_with_its_stack) {
  const auto later = []() -> task<> {
    std::exception_ptr kept;
    try {
      co_await awaits_it("kept");
    } catch (...) {
      kept = std::current_exception();
    }
    try {
      co_await yields_and_fails("in between");
    } catch (const std::runtime_error&) {
    }
    co_await yield_now();
    std::rethrow_exception(kept);
  };
  const unsigned line = __LINE__ - 11;
  EXPECT_EQ(stack_of(later), (places{fails_line, awaits_line, line}));
}

TEST_F(two_failing, joins_pass_the_stack_of_the_child_that_they_throw) {
  const auto join = []() -> task<> { co_await when_all(sleep_for(1h), awaits_it("joined")); };
  const unsigned join_line = __LINE__ - 1;
  EXPECT_EQ(stack_of(join), (places{fails_line, awaits_line, join_line}));
  const auto limited = []() -> task<> { co_await with_timeout(1h, awaits_it("timed")); };
  const unsigned limited_line = __LINE__ - 1;
  EXPECT_EQ(stack_of(limited), (places{fails_line, awaits_line, limited_line}));
  const auto shielded = []() -> task<> { co_await unstoppable(awaits_it("shielded")); };
  const unsigned shielded_line = __LINE__ - 1;
  EXPECT_EQ(stack_of(shielded), (places{fails_line, awaits_line, shielded_line}));
  const auto direct = []() -> task<> { co_await when_all(yields_and_fails("direct")); };
  const unsigned direct_line = __LINE__ - 1;
  EXPECT_EQ(stack_of(direct), (places{fails_line, direct_line}));
}

TEST_F(two_failing, an_outcome_whose_error_is_thrown_later_goes_on_with_its_stack) {
  const auto later = []() -> task<> {
    auto end = co_await as_outcome(awaits_it("kept"));
    end.value();
  };
  const unsigned line = __LINE__ - 3;
  EXPECT_EQ(stack_of(later), (places{fails_line, awaits_line, line}));
}

TEST_F(two_failing, handles_and_inner_groups_pass_the_stack_of_the_one_error_that_they_throw) {
  const auto handle = []() -> task<> {
    auto child = spawn(awaits_it, "spawned");
    co_await child;
  };
  const unsigned handle_line = __LINE__ - 2;
  EXPECT_EQ(stack_of(handle), (places{fails_line, awaits_line, handle_line}));
  const auto inner = []() -> task<> {
    const auto body = [](task_group& group) -> task<> {
      group.spawn(awaits_it, "grouped");
      co_return;
    };
    co_await with_task_group(body);
  };
  const unsigned inner_line = __LINE__ - 2;
  EXPECT_EQ(stack_of(inner), (places{fails_line, awaits_line, inner_line}));
  const auto of_body = []() -> task<> {
    const auto body = [](task_group&) -> task<> { co_await awaits_it("body"); };
    co_await with_task_group(body);
  };
  const unsigned of_body_line = __LINE__ - 2;
  EXPECT_EQ(stack_of(of_body), (places{fails_line, awaits_line, of_body_line - 1, of_body_line}));
  const auto plain = [this]() -> task<> {
    task_group group(rt);
    group.spawn(awaits_it, "plain");
    co_await group.join();
  };
  const unsigned plain_line = __LINE__ - 2;
  EXPECT_EQ(stack_of(plain), (places{fails_line, awaits_line, plain_line}));
}

struct chain {
  static task<> of(int depth) {
    if (depth == 0) throw std::runtime_error("at the bottom");
    if (depth > 0) co_await of(depth - 1);
  }
};
constexpr unsigned chain_line = __LINE__ - 3;

TEST_F(two_failing, long_chains_lose_their_middle) {
  const child_error told = told_of([]() -> task<> { co_await chain::of(100); });
  EXPECT_EQ(told.stack.size(), 32u);
  EXPECT_EQ(told.left_out, 103u - 32u);
  ASSERT_FALSE(told.stack.empty());
  EXPECT_EQ(told.stack[16].line(), chain_line);
  EXPECT_NE(told.stack.back().line(), chain_line) << "the outermost is there";
  EXPECT_NE(text.find("\n    ... 71 more frames ...\n"), std::string::npos) << text;
  const child_error whole = told_of([]() -> task<> { co_await chain::of(29); });
  EXPECT_EQ(whole.stack.size(), 32u);
  EXPECT_EQ(whole.left_out, 0u);
}

TEST_F(two_failing, a_group_of_errors_in_a_group_is_told_inside_it) {
  meeting both_fail(2);
  const auto fails = [&]() -> task<> {
    EXPECT_TRUE(both_fail.attend());
    throw std::runtime_error("inner");
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(named("a"), fails));
    EXPECT_TRUE(group.spawn(named("b"), fails));
    co_return;
  };
  const auto inner = [&]() -> task<> { co_await with_task_group(body); };
  const unsigned line = __LINE__ - 1;
  EXPECT_EQ(stack_of(inner), places{line});
  const std::size_t outside = text.find("\n  first: weft: 2 tasks of a group failed\n");
  EXPECT_NE(text.find("\n      a: inner\n        spawned at ", outside), std::string::npos) << text;
  EXPECT_NE(text.find("\n      b: inner\n        spawned at ", outside), std::string::npos) << text;
}

// --- what is caught is not kept alive

struct tracked : std::exception {
  explicit tracked(census& here) : alive(here) {}
  resident alive;
};

TEST(error_stack, keeps_no_exception_alive) {
  census here;
  runtime rt({.workers = 1});
  const auto fails = [&]() -> task<> {
    co_await yield_now();
    throw tracked(here);
  };
  const auto outer = [&]() -> task<> { co_await fails(); };
  const auto catches = [&]() -> task<> {
    try {
      co_await outer();
    } catch (const tracked&) {
    }
    EXPECT_EQ(here.living(), 0);
    co_await yield_now();
  };
  rt.block_on(catches());
  EXPECT_GT(here.born(), 0);
}

// --- errors that nobody took

struct unhandled_stack : testing::Test {
  runtime_options options() {
    runtime_options chosen;
    chosen.workers = 1;
    chosen.on_unhandled_error = [this](const unhandled_error& lost) {
      const std::lock_guard guard(lock);
      name = lost.name;
      stack = ours(lost.stack);
      ++heard;
    };
    return chosen;
  }
  bool is_heard() {
    return eventually([this] {
      const std::lock_guard guard(lock);
      return heard == 1;
    });
  }
  std::mutex lock;
  int heard = 0;
  std::string name;
  places stack;
};

TEST_F(unhandled_stack, of_a_task_that_was_let_go_is_told_with_a_name_as_it_was_written) {
  runtime rt(options());
  rt.spawn(awaits_it, "lost").detach();
  ASSERT_TRUE(is_heard());
  EXPECT_EQ(stack, (places{fails_line, awaits_line}));
  // With or without its namespaces; without g++'s frame and the type of the result.
  const std::size_t at = name.find("awaits_it(");
  EXPECT_NE(at, std::string::npos) << name;
  EXPECT_TRUE(at == 0 || name.starts_with("weft::test::awaits_it(")) << name;
  EXPECT_EQ(name.find("Frame"), std::string::npos) << name;
}

TEST_F(unhandled_stack, of_a_handle_that_was_dropped_after_the_end_is_told_too) {
  runtime rt(options());
  {
    auto handle = rt.spawn(awaits_it, "lost");
    ASSERT_TRUE(eventually([&] { return handle.is_done(); }));
  }
  ASSERT_TRUE(is_heard());
  EXPECT_EQ(stack, (places{fails_line, awaits_line}));
}

TEST_F(unhandled_stack, of_an_end_that_was_not_taken_is_told_too) {
  runtime rt(options());
  {
    task_group group(rt);
    completions<> ends(group);
    EXPECT_TRUE(ends.spawn(awaits_it, "lost"));
    rt.block_on(group.join());
  }
  ASSERT_TRUE(is_heard());
  EXPECT_EQ(stack, (places{fails_line, awaits_line}));
}

}  // namespace
}  // namespace weft::test
