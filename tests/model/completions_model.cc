// completions: children of a group end while their ends are taken by one who is stopped, by two at once, or by nobody:
// each end is taken once, next() says "no more" when there is none to come, and nobody waits for what has come.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/completions.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/task_group.h"

namespace weft::inline WEFT_ABI::model {
namespace {

// Two children on two workers, their ends taken as they come.
void ends_are_taken() {
  rt::engine home(rt::engine_of(2));
  signal over;
  const auto child = [](int value) -> task<int> { co_return value; };
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    require(ends.spawn(child, 1) && ends.spawn(child, 2), "the group is open");
    int sum = 0;
    for (int i = 0; i < 2; ++i) {
      auto end = co_await ends.next();
      require(end.has_value() && end->has_value(), "both ends come");
      if (end && *end) sum += **end;
    }
    require(sum == 3, "each once");
    const auto none = co_await ends.next();
    require(!none.has_value(), "and no third");
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
}

// A taker is stopped while a child ends: its end is for the next one who asks.
void stopped_taker() {
  rt::engine home(rt::engine_of(2));
  signal over, waits;
  plain<int> taken;
  const auto child = []() -> task<int> { co_return 7; };
  const auto take = [&](completions<int>* ends) -> task<> {
    waits.set();
    const auto end = co_await ends->next();
    if (end.has_value()) ++taken;
  };
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    require(ends.spawn(child), "the group is open");
    auto taker = detail::spawn_on(home, take, &ends);
    taker.request_stop();
    try {
      co_await taker;
    } catch (const stopped_error&) {
    }
    const auto end = co_await ends.next();
    if (end.has_value()) ++taken;
    require(taken == 1, "a stop loses no end");
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
}

// The object dies before its child, whose end is dropped.
void dropped_ends() {
  rt::engine home(rt::engine_of(2));
  signal over;
  const auto child = []() -> task<int> { co_return 7; };
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    require(ends.spawn(child), "the group is open");
    co_return;
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    over.set();
  };
  auto handle = detail::spawn_on(home, parent);
  over.wait(false);
  home.stop();
}

// The whole group is stopped.
void stopped_group() {
  rt::engine home(rt::engine_of(1));
  semaphore never(0);
  const auto child = [&]() -> task<int> {
    static_cast<void>(co_await never.acquire());
    co_return 7;
  };
  const auto body = [&](task_group& group) -> task<> {
    completions<int> ends(group);
    if (!ends.spawn(child)) co_return;
    const auto end = co_await ends.next();
    require(end.has_value() && end->is_stopped(), "a child that never ends was stopped");
  };
  const auto parent = [&]() -> task<> { co_await with_task_group(body); };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
}

constexpr bounds usual{.most_exhaustive = 6'000, .random = 1'200};

const registered taken("ends_are_taken", "each end is taken once", usual, ends_are_taken);
const registered stopped("stopped_taker", "a stop loses no end", usual, stopped_taker);
const registered dropped("dropped_ends", "the object may go before its children", usual, dropped_ends);
const registered all("stopped_group", "a stopped group ends", usual, stopped_group);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
