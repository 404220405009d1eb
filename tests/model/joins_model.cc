// when_all, and below it join and fork_join: children run where they are taken, the last one to end brings the parent
// on, a stop and an error reach all, and the join's memory is not touched when it is gone.
//
// Real coroutines on a scheduler of a few lines (stand_in/engine.cc); the leak check sees to it that every frame dies.
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/outcome.h"
#include "weft/sync/semaphore.h"
#include "weft/when_all.h"

namespace weft::inline WEFT_ABI::model {
namespace {

task<int> leaf(plain<int>& written, int value) {
  written = value;
  co_return value;
}

// Two children, two workers: one may be stolen.
void both_run() {
  rt::engine home(rt::engine_of(2));
  plain<int> first;
  plain<int> second;
  signal done;
  const auto parent = [&]() -> task<> {
    const auto [one, two] = co_await when_all(leaf(first, 1), leaf(second, 2));
    require(one == 1 && two == 2, "each child's result is there");
    require(first == 1 && second == 2, "what the children wrote is seen by the parent");
    done.set();
  };
  auto handle = detail::spawn_on(home, parent);
  done.wait(false);
  home.stop();
  require(handle.is_done(), "the parent has ended");
}

// The children wait for ever; a stop from outside reaches them, at any moment.
void stop_reaches_the_children() {
  rt::engine home(rt::engine_of(2));
  semaphore never(0);
  bool went_on = false;
  const auto waits = [&]() -> task<> { static_cast<void>(co_await never.acquire()); };
  const auto parent = [&]() -> task<> {
    co_await when_all(waits(), waits());
    went_on = true;
  };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(!went_on, "a stopped parent does not go on");
  require(never.available() == 0, "no permit was made");
}

// The same two joins deep: nothing is armed above a child until it waits, or is taken and waits.
void stop_reaches_the_grandchildren() {
  rt::engine home(rt::engine_of(2));
  semaphore never(0);
  bool went_on = false;
  const auto waits = [&]() -> task<> { static_cast<void>(co_await never.acquire()); };
  const auto inner = [&]() -> task<> { co_await when_all(waits(), waits()); };
  const auto parent = [&]() -> task<> {
    co_await when_all(inner(), waits());
    went_on = true;
  };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(!went_on, "a stopped parent does not go on");
}

// Three children and two workers: the row, and what is taken from it.
void the_row_counts_what_was_taken() {
  rt::engine home(rt::engine_of(2));
  plain<int> first;
  plain<int> second;
  plain<int> third;
  signal done;
  const auto parent = [&]() -> task<> {
    co_await when_all(leaf(first, 1), leaf(second, 2), leaf(third, 3));
    require(first == 1 && second == 2 && third == 3, "all have ended before the parent goes on");
    done.set();
  };
  auto handle = detail::spawn_on(home, parent);
  done.wait(false);
  home.stop();
}

// The children end by themselves while the parent is stopped.
void stop_against_the_last_child() {
  rt::engine home(rt::engine_of(1));
  plain<int> first;
  plain<int> second;
  int went_on = 0;
  const auto parent = [&]() -> task<> {
    co_await when_all(leaf(first, 1), leaf(second, 2));
    ++went_on;
  };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(went_on <= 1 && handle.is_done(), "the parent goes on at most once, and ends");
}

constexpr bounds usual{.most_exhaustive = 40'000, .random = 3'000};

const registered run("both_run", "the last child brings the parent on, with all results", usual, both_run);
const registered stop("stop_reaches_the_children", "a stop is forwarded", usual, stop_reaches_the_children);
const registered deep_stop("stop_reaches_the_grandchildren",
                           "a stop is forwarded through joins that were not armed", usual,
                           stop_reaches_the_grandchildren);
const registered row("the_row_counts_what_was_taken", "the row and the taken ones together are all", usual,
                     the_row_counts_what_was_taken);
const registered last("stop_against_the_last_child", "stopped or completed, once", usual,
                      stop_against_the_last_child);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
