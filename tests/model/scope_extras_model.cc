// What few scopes have: functions to be called at a stop, which two sides ask for at once, and clean-up that runs at the
// end of a frame whether the chain ends or is stopped.
//
// The list of functions itself is in stop_callbacks_model.cc.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/at_coroutine_exit.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/rt/work/scope_extras.h"
#include "weft/sync/semaphore.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct listener : rt::stop_callbacks::entry {
  listener() : entry(&on_stop) {}
  static void on_stop(entry& self) noexcept { ++static_cast<listener&>(self).calls; }
  plain<int> calls;
};

// How many there were.
int run_all(rt::job_list& ready) {
  rt::turn now;
  int count = 0;
  for (; rt::job* const each = ready.pop_front(); ++count) now.run(*each);
  return count;
}

// Listed or told, by whatever comes first: the list, or the stop that looks at it.
int listens(rt::scope& own, listener& one) {
  rt::job_list ready;
  if (!own.on_stop(one, ready)) ++one.calls;
  return run_all(ready);
}
int stops(rt::scope& own) {
  rt::job_list ready;
  own.stop(ready);
  return run_all(ready);
}

void listen_against_stop() {
  rt::scope own;
  listener one;
  int jobs = 0;
  threads({[&] {
             const int mine = listens(own, one);
             jobs += mine;
           },
           [&] {
             const int mine = stops(own);
             jobs += mine;
           }});
  require(jobs <= 1, "the job that calls is handed out once");
  require(one.calls == 1, "a stop is heard of, once");
}

// Two sides make the extras at once: the chain, and a thread with its token.
void two_listeners() {
  rt::scope own;
  std::array<listener, 2> both;
  threads({[&] { listens(own, both[0]); }, [&] { listens(own, both[1]); }});
  stops(own);
  require(both[0].calls == 1 && both[1].calls == 1, "both are in the same list");
}

void two_listeners_against_stop() {
  rt::scope own;
  std::array<listener, 2> both;
  threads({[&] { listens(own, both[0]); }, [&] { listens(own, both[1]); }, [&] { stops(own); }});
  require(both[0].calls == 1 && both[1].calls == 1, "both hear of the stop, once");
}

// The scope is gone when the job that calls runs.
void job_outlives_the_scope() {
  auto own = std::make_unique<rt::scope>();
  auto one = std::make_unique<listener>();
  rt::job_list ready;
  require(own->on_stop(*one, ready), "nobody has stopped it");
  own->stop(ready);
  threads({[&] { static_cast<void>(run_all(ready)); },
           [&] {
             one->in->remove(*one);
             require(one->calls <= 1, "who has left was called to the end, or never");
             one.reset();
             own.reset();
           }});
}

rt::options engine_of(unsigned workers) {
  rt::options chosen;
  chosen.workers = workers;
  return chosen;
}

// Clean-up of two frames, and a stop that comes before, between or after.
void clean_up_against_stop() {
  rt::engine home(engine_of(1));
  plain<int> order, left_inner, left_outer, registered_inner, registered_outer;
  const auto clean = [&](plain<int>* left) -> task<> {
    *left = ++order;
    co_return;
  };
  const auto inner = [&]() -> task<> {
    auto registering = at_coroutine_exit(clean, &left_inner);
    co_await std::move(registering);
    ++registered_inner;
    semaphore never(0);
    static_cast<void>(co_await never.acquire());
  };
  const auto outer = [&]() -> task<> {
    auto registering = at_coroutine_exit(clean, &left_outer);
    co_await std::move(registering);
    ++registered_outer;
    co_await inner();
  };
  auto handle = detail::spawn_on(home, outer);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require((left_outer != 0) == (registered_outer == 1), "what was registered runs, stopped or not");
  require((left_inner != 0) == (registered_inner == 1), "in each frame");
  if (left_inner != 0) require(left_inner == 1 && left_outer == 2, "the innermost first");
}

// The same without a stop: its end, while the handle is dropped.
void clean_up_at_the_end() {
  rt::engine home(engine_of(1));
  plain<int> cleaned;
  const auto clean = [&]() -> task<> {
    ++cleaned;
    co_return;
  };
  const auto body = [&]() -> task<> {
    auto registering = at_coroutine_exit(clean);
    co_await std::move(registering);
  };
  auto handle = detail::spawn_on(home, body);
  threads({[&] {
    handle.request_stop();
    handle.detach();
  }});
  home.stop();
  require(cleaned <= 1, "clean-up runs once");
}

constexpr bounds usual{.most_exhaustive = 15'000, .random = 2'000};

const registered listen("listen_against_stop", "listed or told", {.preemptions = 4}, listen_against_stop);
const registered two("two_listeners", "the extras are made once", {.preemptions = 4}, two_listeners);
const registered three("two_listeners_against_stop", "one job calls all", {.preemptions = 2},
                       two_listeners_against_stop);
const registered gone("job_outlives_the_scope", "the last of scope and job frees the list",
                      {.preemptions = 4}, job_outlives_the_scope);
const registered clean("clean_up_against_stop", "clean-up runs once, the innermost first", usual,
                       clean_up_against_stop);
const registered at_end("clean_up_at_the_end", "clean-up runs before its task has ended", usual,
                        clean_up_at_the_end);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
