// Names and places of spawned tasks, in the errors that tell of them.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/record.h"
#include "weft/error_group.h"
#include "weft/named.h"
#include "weft/runtime.h"
#include "weft/task_group.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

task<> fails() {
  throw std::runtime_error("no luck");
  co_return;
}
task<> fails_with(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

struct told {
  std::string name;
  unsigned spawned_at;
};

// What the runtime tells of errors that nobody took.
struct teller {
  std::mutex lock;
  std::vector<told> all;
  runtime_options options() {
    runtime_options chosen;
    chosen.workers = 1;
    chosen.on_unhandled_error = [this](const unhandled_error& lost) {
      const std::lock_guard guard(lock);
      all.push_back({std::string(lost.name), lost.spawned_at.line()});
    };
    return chosen;
  }
};

TEST(task_group_name, G4_every_error_of_a_group_tells_who_failed_and_where_it_was_spawned) {
  runtime rt({.workers = 3});
  meeting all(3);  // so that each runs before another one's error stops it
  const auto no_luck = [&]() -> task<> {
    EXPECT_TRUE(all.attend());
    throw std::runtime_error("no luck");
    co_return;
  };
  const auto with_text = [&](std::string text) -> task<> {
    EXPECT_TRUE(all.attend());
    throw std::runtime_error(text);
    co_return;
  };
  unsigned first_line = 0;
  unsigned second_line = 0;
  const auto body = [&](task_group& group) -> task<> {
    first_line = std::source_location::current().line() + 1;
    EXPECT_TRUE(group.spawn(named("fetch 3"), with_text, "first"));
    second_line = std::source_location::current().line() + 1;
    EXPECT_TRUE(group.spawn(no_luck));
    EXPECT_TRUE(group.spawn(with_text, "third"));
    co_return;
  };
  try {
    rt.block_on(with_task_group(body));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error_group& several) {
    ASSERT_EQ(several.errors().size(), 3u);
    for (const child_error& each : several.errors()) {
      const std::string text = text_of(each.error);
      EXPECT_EQ(each.name, text == "first" ? "fetch 3" : "");
      EXPECT_EQ(each.spawned_at.line(), text == "first" ? first_line : text == "no luck" ? second_line : 0u);
    }
    const std::string text = several.what();
    EXPECT_NE(text.find("fetch 3: first"), std::string::npos) << text;
    EXPECT_NE(text.find("spawned at "), std::string::npos) << text;
    EXPECT_NE(text.find("task_group_name_test.cc:" + std::to_string(first_line)), std::string::npos) << text;
  }
}

TEST(task_group_name, T5_of_a_task_whose_error_nobody_takes_is_reported_with_the_place_of_its_spawn) {
  teller heard;
  unsigned line = 0;
  {
    runtime rt(heard.options());
    line = std::source_location::current().line() + 1;
    rt.spawn(named("sweeper"), &fails).detach();
    rt.spawn(&fails).detach();
    rt.spawn(fails()).detach();
    rt.spawn(named("a task"), fails()).detach();
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard guard(heard.lock);
      return heard.all.size() == 4;
    }));
  }
  unsigned found = 0;
  for (const told& each : heard.all) {
    found |= 1u << (each.spawned_at - line);
    const std::string expected = each.spawned_at == line       ? "sweeper"
                                 : each.spawned_at == line + 3 ? "a task"
                                                               : "fails";
    EXPECT_NE(each.name.find(expected), std::string::npos) << each.name;
  }
  EXPECT_EQ(found, 15u);
}

TEST(task_group_name, T5_of_a_child_is_reported_when_a_plain_group_was_not_joined) {
  teller heard;
  runtime rt(heard.options());
  {
    task_group group(rt);
    EXPECT_TRUE(group.spawn(named("left alone"), &fails_with, "lost"));
    EXPECT_TRUE(eventually([&] { return group.size() == 0; }));
  }
  ASSERT_EQ(heard.all.size(), 1u);
  EXPECT_EQ(heard.all[0].name, "left alone");
  EXPECT_NE(heard.all[0].spawned_at, 0u);
}

TEST(task_group_name, may_be_given_to_a_spawn_inside_a_task) {
  runtime rt({.workers = 1});
  const auto adds = [](int a, int b) -> task<int> { co_return a + b; };
  const auto body = [&]() -> task<int> {
    auto handle = spawn(named("adds"), adds, 1, 2);
    co_return co_await handle;
  };
  EXPECT_EQ(rt.block_on(body()), 3);
}

TEST(error_group, may_be_copied_without_an_allocation_and_keeps_its_text) {
  const error_group one({{std::make_exception_ptr(std::runtime_error("x")), {}, "n", {}}});
  const error_group copy = one;
  EXPECT_EQ(one.what(), copy.what()) << "copies share what they hold";
}

}  // namespace
}  // namespace weft::test
