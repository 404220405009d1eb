// Errors in a group: the first one stops the rest, all are awaited, none is lost.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/record.h"
#include "weft/offload.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/task_group.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

task<> fails_with(std::string text) {
  co_await yield_now();
  throw std::runtime_error(text);
}

task<> throws_at_once() {
  throw std::runtime_error("at once");
  co_return;
}

// A child whose error comes after the group's stop: a function that runs is not interrupted.
task<> fails_after(gate& go, std::string text) {
  co_await spawn_blocking([&] {
    go.pass();
    throw std::runtime_error(text);
  });
}

// Opens the gate once it is stopped, whether it had begun or not.
class opener {
 public:
  explicit opener(gate& opened) noexcept : opened_(&opened) {}
  opener(opener&& other) noexcept : opened_(std::exchange(other.opened_, nullptr)) {}
  opener& operator=(opener&&) = delete;
  ~opener() {
    if (opened_ != nullptr) opened_->open();
  }

 private:
  gate* opened_;
};

task<> opens_when_stopped([[maybe_unused]] opener at_the_end) {
  co_await sleep_for(1h);
}

struct task_group_error : testing::Test {
  // What the group with this body throws.
  template <class Body>
  std::string thrown_from(Body body) {
    return thrown_by([&] {
      rt.block_on(with_task_group(std::move(body)));
      return 0;
    });
  }
  runtime rt{{.workers = 2}};
};

TEST_F(task_group_error, G3_of_a_child_stops_the_siblings_and_the_body_and_is_thrown_as_itself) {
  census here;
  const auto sibling = [&]() -> task<> {
    const resident local(here);
    co_await sleep_for(1h);
    ADD_FAILURE() << "a stopped child went on";
  };
  const auto body = [&](task_group& group) -> task<> {
    const resident local(here);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(group.spawn(sibling));
    EXPECT_TRUE(group.spawn(&fails_with, "one"));
    co_await sleep_for(1h);
    ADD_FAILURE() << "a stopped body went on";
  };
  const auto leaves = [&]() -> task<> {
    std::string caught = "nothing";
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(caught, "one");
    EXPECT_EQ(here.living(), 0) << "the error came before all had ended";
  };
  rt.block_on(leaves());
}

TEST_F(task_group_error, G4_of_several_children_are_thrown_together_with_their_texts_and_places) {
  gate go;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&fails_after, std::ref(go), "second"));
    EXPECT_TRUE(group.spawn(&opens_when_stopped, opener(go)));
    EXPECT_TRUE(go.is_reached());
    EXPECT_TRUE(group.spawn(&fails_with, "first"));
    co_return;
  };
  bool was_caught = false;
  try {
    rt.block_on(with_task_group(body));
  } catch (const error_group& both) {
    was_caught = true;
    EXPECT_EQ(both.errors().size(), 2u) << "a child that was stopped is no error";
    if (both.errors().size() == 2) {
      EXPECT_EQ(text_of(both.errors()[0].error), "first");
      EXPECT_EQ(text_of(both.errors()[1].error), "second");
      EXPECT_NE(std::string(both.errors()[0].where.file_name()).find("task_group_error_test.cc"),
                std::string::npos);
      EXPECT_NE(std::string(both.errors()[0].where.function_name()).find("fails_with"), std::string::npos);
    }
    const std::string text = both.what();
    EXPECT_NE(text.find("2 tasks"), std::string::npos) << text;
    EXPECT_NE(text.find("first"), std::string::npos) << text;
    EXPECT_NE(text.find("second"), std::string::npos) << text;
    EXPECT_NE(text.find("fails_after"), std::string::npos) << text;
  }
  EXPECT_TRUE(was_caught);
}

TEST_F(task_group_error, G5_of_the_body_stops_and_awaits_the_children_and_is_thrown_as_itself) {
  census here;
  door held;
  const auto child = [&]() -> task<> {
    const resident local(here);
    co_await held.pass();
  };
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(child));
    EXPECT_TRUE(group.spawn(child));
    EXPECT_TRUE(held.is_reached(1));
    throw std::logic_error("body");
    co_return;
  };
  EXPECT_EQ(thrown_from(body), "body");
  EXPECT_EQ(here.living(), 0);
}

TEST_F(task_group_error, G7_wins_over_an_outside_stop_which_takes_effect_at_the_next_await) {
  gate go;
  record log;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&opens_when_stopped, opener(go)));
    EXPECT_TRUE(
        group.spawn(&fails_after, std::ref(go), "child"));  // the last one: the stop comes once it runs
    co_await sleep_for(1h);
  };
  const auto parent = [&]() -> task<> {
    try {
      co_await with_task_group(body);
    } catch (const std::runtime_error& error) {
      log.note(error.what());
    }
    co_await yield_now();
    log.note("went on after the stop");
  };
  auto handle = rt.spawn(parent);
  EXPECT_TRUE(go.is_reached());
  handle.request_stop();
  const auto join = [&]() -> task<> { co_await handle; };
  EXPECT_THROW(rt.block_on(join()), stopped_error);
  EXPECT_EQ(log.all(), lines{"child"});
}

TEST_F(task_group_error, G10_of_an_inner_group_is_handled_inside_before_the_outer_stop_arrives) {
  record log;
  const auto inner_body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&fails_with, "inner"));
    co_await sleep_for(1h);
  };
  const auto outer_body = [&](task_group& outer) -> task<> {
    try {
      co_await with_task_group(inner_body);
    } catch (const std::runtime_error& error) {
      log.note(error.what());
    }
    EXPECT_TRUE(outer.spawn(&fails_with, "outer"));
    co_await sleep_for(1h);
    log.note("went on after the outer group failed");
  };
  EXPECT_EQ(thrown_from(outer_body), "outer");
  EXPECT_EQ(log.all(), lines{"inner"});
}

TEST_F(task_group_error, G10_of_an_inner_group_is_handled_inside_while_the_outer_one_is_stopping) {
  record log;
  gate go;
  const auto inner_body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&opens_when_stopped, opener(go)));
    EXPECT_TRUE(
        group.spawn(&fails_after, std::ref(go), "inner"));  // the last one: the stop comes once it runs
    co_await sleep_for(1h);
  };
  const auto fails_once_the_inner_one_runs = [&]() -> task<> {
    EXPECT_TRUE(go.is_reached());
    throw std::runtime_error("outer");
    co_return;
  };
  const auto outer_body = [&](task_group& outer) -> task<> {
    EXPECT_TRUE(outer.spawn(fails_once_the_inner_one_runs));
    try {
      co_await with_task_group(inner_body);
    } catch (const std::runtime_error& error) {
      log.note(error.what());
    }
    co_await yield_now();
    log.note("went on after the outer group failed");
  };
  EXPECT_EQ(thrown_from(outer_body), "outer");
  EXPECT_EQ(log.all(), lines{"inner"});
}

TEST_F(task_group_error, G12_makes_a_later_spawn_fail_and_destroys_what_it_was_given) {
  census here;
  std::atomic<int> ran = 0;
  std::atomic<bool> was_refused = false;
  const auto never = [&](resident) -> task<> {
    ++ran;
    co_return;
  };
  struct spawns_when_unwound {
    task_group& group;
    const decltype(never)& child;
    census& here;
    std::atomic<bool>& was_refused;
    ~spawns_when_unwound() { was_refused = !group.spawn(child, resident(here)); }
  };
  const auto body = [&](task_group& group) -> task<> {
    const spawns_when_unwound late{group, never, here, was_refused};
    EXPECT_TRUE(group.spawn(&fails_with, "failed"));
    co_await sleep_for(1h);
  };
  EXPECT_EQ(thrown_from(body), "failed");
  EXPECT_TRUE(was_refused);
  EXPECT_EQ(ran, 0);
  EXPECT_GT(here.born(), 0);
  EXPECT_EQ(here.living(), 0);
}

TEST_F(task_group_error, G17_of_a_child_that_never_suspends_stops_the_body_at_its_next_await_and_not_before) {
  runtime one({.workers = 1});
  record log;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&throws_at_once));
    log.note("after spawn");
    co_await yield_now();  // here the child fails
    log.note("after a yield that was no stop point yet");
    co_await sleep_for(1h);
    log.note("went on");
  };
  EXPECT_EQ(thrown_by([&] {
              one.block_on(with_task_group(body));
              return 0;
            }),
            "at once");
  EXPECT_EQ(log.all().front(), "after spawn");
  EXPECT_NE(log.all().back(), "went on");
}

TEST_F(task_group_error, G22_of_the_body_while_it_is_being_stopped_is_collected_with_the_childs) {
  gate go;
  const auto body = [&](task_group& group) -> task<> {
    EXPECT_TRUE(group.spawn(&opens_when_stopped, opener(go)));
    EXPECT_TRUE(group.spawn(&fails_with, "child"));
    co_await fails_after(go, "body");
  };
  std::size_t errors = 0;
  try {
    rt.block_on(with_task_group(body));
  } catch (const error_group& both) {
    errors = both.errors().size();
  } catch (const std::runtime_error& one) {
    // The child failed before the body's function was on its way: it was never run.
    EXPECT_STREQ(one.what(), "child");
    errors = 2;
  }
  EXPECT_EQ(errors, 2u);
}

TEST_F(task_group_error, of_children_that_fail_at_the_same_time_are_all_kept) {
  for (int round = 0; round < 200; ++round) {
    meeting all(2);
    const auto child = [&]() -> task<> {
      const bool have_met = all.attend();
      EXPECT_TRUE(have_met);
      throw std::runtime_error("child");
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < 2; ++i) EXPECT_TRUE(group.spawn(child));
      co_return;
    };
    std::size_t errors = 0;
    try {
      rt.block_on(with_task_group(body));
    } catch (const error_group& several) {
      errors = several.errors().size();
    }
    EXPECT_EQ(errors, 2u);
  }
}

}  // namespace
}  // namespace weft::test
