// task_group::start: a child says that it is ready, fails, is stopped or is refused, while its starter is stopped or the
// group is. The starter hears one word; an error goes to one of starter and group; a child whose starter has gone before
// it was ready does not stay.
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/task_group.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct failure : std::exception {};

// Ready, and failed at once.
void ready_against_failure() {
  rt::engine home(rt::engine_of(2));
  signal over;
  int told = 0, thrown_by_start = 0, thrown_by_group = 0;
  const auto child = [&](started<int> ready) -> task<> {
    ready.set(7);
    throw failure();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    try {
      told = co_await group.start<int>(child);
    } catch (const failure&) {
      ++thrown_by_start;
    }
  };
  const auto parent = [&]() -> task<> {
    try {
      co_await with_task_group(body);
    } catch (const failure&) {
      ++thrown_by_group;
    }
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
  require(thrown_by_start == 0 && thrown_by_group == 1, "an error after the word is the group's");
  require(told == 0 || told == 7, "the starter was told, or stopped by the error");
}

// The word is handed to another thread, which speaks while the child fails.
void word_from_elsewhere() {
  rt::engine home(rt::engine_of(1));
  signal over, has_word;
  std::unique_ptr<started<int>> word;
  int told = 0, thrown_by_start = 0, thrown_by_group = 0;
  const auto child = [&](started<int> ready) -> task<> {
    word = std::make_unique<started<int>>(std::move(ready));
    has_word.set();
    co_await yield_now();
    throw failure();
  };
  const auto body = [&](task_group& group) -> task<> {
    try {
      told = co_await group.start<int>(child);
    } catch (const failure&) {
      ++thrown_by_start;
    }
  };
  const auto parent = [&]() -> task<> {
    try {
      co_await with_task_group(body);
    } catch (const failure&) {
      ++thrown_by_group;
    }
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] {
    has_word.wait(false);
    word->set(7);
  }});
  over.wait(false);
  home.stop();
  word.reset();
  require(thrown_by_start + thrown_by_group == 1, "the error is thrown once");
  require(thrown_by_start == 0 || told == 0, "the starter hears one word");
}

// A starter that is not the body is stopped; its child never says a word, so it must go too.
void starter_is_stopped() {
  rt::engine home(rt::engine_of(2));
  semaphore never(0);
  signal over;
  const auto child = [&](started<> ready) -> task<> {
    static_cast<void>(co_await never.acquire());
    ready.set();
  };
  const auto start = [&](task_group* group) -> task<> { co_await group->start(child); };
  const auto body = [&](task_group& group) -> task<> {
    auto starter = detail::spawn_on(home, start, &group);
    starter.request_stop();
    try {
      co_await starter;
    } catch (const stopped_error&) {
    }
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
}

// A group that is closed refuses the child, or has it: its starter hears of both.
void closed_meanwhile() {
  rt::engine home(rt::engine_of(2));
  signal over;
  int told = 0, refused = 0;
  const auto child = [](started<> ready) -> task<> {
    ready.set();
    co_return;
  };
  const auto start = [&](task_group* group) -> task<> {
    try {
      co_await group->start(child);
      ++told;
    } catch (const stopped_error&) {
      ++refused;
    }
  };
  const auto body = [&](task_group& group) -> task<> {
    auto starter = detail::spawn_on(home, start, &group);
    group.close();
    co_await starter;
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
  require(told + refused == 1, "a starter is told, or refused");
}

// Once it is ready, a child stays when its starter goes on.
void ready_child_stays() {
  rt::engine home(rt::engine_of(1));
  semaphore go(0);
  plain<int> served;
  signal over;
  const auto child = [&](started<> ready) -> task<> {
    ready.set();
    static_cast<void>(co_await go.acquire());
    ++served;
  };
  const auto body = [&](task_group& group) -> task<> { co_await group.start(child); };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { go.add_permits(1); }});
  over.wait(false);
  home.stop();
  require(served == 1, "a child that is ready serves on");
}

// The group is stopped while a child is started.
void group_is_stopped() {
  rt::engine home(rt::engine_of(1));
  semaphore never(0);
  const auto child = [&](started<> ready) -> task<> {
    ready.set();
    static_cast<void>(co_await never.acquire());
  };
  const auto body = [&](task_group& group) -> task<> {
    co_await group.start(child);
    static_cast<void>(co_await never.acquire());
  };
  const auto parent = [&]() -> task<> { co_await with_task_group(body); };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
}

constexpr bounds usual{.most_exhaustive = 8'000, .random = 4'000};

const registered failing("ready_against_failure", "an error after the word is the group's", usual,
                         ready_against_failure);
const registered elsewhere("word_from_elsewhere", "one word is heard, and one error", usual,
                           word_from_elsewhere);
const registered stopped("starter_is_stopped", "a child that is not ready goes with its starter", usual,
                         starter_is_stopped);
const registered closed("closed_meanwhile", "a closed group's refusal is heard", usual, closed_meanwhile);
const registered stays("ready_child_stays", "a child that is ready stays", usual, ready_child_stays);
const registered group("group_is_stopped", "a stopped group ends", usual, group_is_stopped);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
