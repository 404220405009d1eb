// Tasks as users write them, on real scopes, joins, lifecycles and frames: a task ends once, its waiter goes on once,
// and nothing is touched that is gone.
// SPDX-License-Identifier: Apache-2.0
#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/sync/semaphore.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI::model {
namespace {

rt::options engine_of(unsigned workers) {
  rt::options chosen;
  chosen.workers = workers;
  // A task that awaits one which was stopped ends with stopped_error.
  chosen.on_unhandled_error = [](const rt::unhandled_error&) {};
  return chosen;
}

// A handle is dropped by an outsider while its task ends.
void detached_while_it_ends() {
  rt::engine home(engine_of(1));
  plain<int> made;
  const auto body = [&made]() -> task<int> {
    made = 7;
    co_return 7;
  };
  auto handle = detail::spawn_on(home, body);
  threads({[&] { handle.detach(); }});
  home.stop();
}

// A task awaits another's handle on another worker, and a third party stops the waiter.
void waiter_is_stopped() {
  rt::engine home(engine_of(2));
  const auto body = []() -> task<int> { co_return 7; };
  int got = 0;
  auto awaited = detail::spawn_on(home, body);
  const auto waits = [&]() -> task<> { got = co_await awaited; };
  auto waiter = detail::spawn_on(home, waits);
  threads({[&] { waiter.request_stop(); }});
  home.stop();
  require(got == 0 || got == 7, "the waiter has the result, or was unwound");
}

// A task is spawned from outside while the runtime ends: it runs, is unwound, or is refused; its handle is told.
void spawn_against_the_end() {
  rt::engine home(engine_of(1));
  plain<int> ran;
  const auto body = [&]() -> task<> {
    ++ran;
    co_return;
  };
  threads({[&] {
             auto handle = detail::spawn_on(home, body);
             static_cast<void>(handle.is_done());
           },
           [&] { home.stop(); }});
  require(ran <= 1, "a task runs at most once");
}

// Somebody waits for a handle, somebody else drops the last one.
void waiter_against_end() {
  rt::engine home(engine_of(2));
  plain<int> made;
  signal done;
  const auto body = [&]() -> task<int> {
    made = 7;
    co_return 7;
  };
  auto awaited = detail::spawn_on(home, body);
  const auto waits = [&]() -> task<> {
    const int got = co_await awaited;
    require(got == 7 && made == 7, "the waiter has the result, and sees what the task did");
    done.set();
  };
  auto waiter = detail::spawn_on(home, waits);
  done.wait(false);
  home.stop();
}

// The task that is waited for does not end, so only the stop ends the wait.
void wait_against_stop() {
  rt::engine home(engine_of(1));
  semaphore never(0);
  const auto body = [&]() -> task<> { static_cast<void>(co_await never.acquire()); };
  auto awaited = detail::spawn_on(home, body);
  const auto waits = [&]() -> task<> { co_await awaited; };
  auto waiter = detail::spawn_on(home, waits);
  threads({[&] { waiter.request_stop(); }});
  home.stop();
  require(waiter.is_done(), "a stop ends the wait, whenever it comes");
}

constexpr bounds usual{.most_exhaustive = 40'000, .random = 3'000};

const registered endless("wait_against_stop", "a stop ends the wait for a task", {.preemptions = 3},
                         wait_against_stop);
const registered refused("spawn_against_the_end", "the end of a runtime loses no task", {},
                         spawn_against_the_end);
const registered awaited("waiter_against_end", "a waiter goes on when its task has ended", usual,
                         waiter_against_end);
const registered detached("detached_while_it_ends", "the block of a task is freed once", {},
                          detached_while_it_ends);
const registered stopped("waiter_is_stopped", "a waiter is resumed or unwound, once", usual,
                         waiter_is_stopped);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
