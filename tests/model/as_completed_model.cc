// as_completed: tasks end on other workers while their consumer is in its function, and the whole is stopped or fails:
// the function is called once for each result, never twice at the same time, and all have ended when it is left.
// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <vector>

#include "tests/model/stand_in/engine.h"
#include "weft/as_completed.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct failure : std::exception {};

task<int> gives(int value, plain<int>& made) {
  made = value;
  co_return value;
}

// The function waits, so that the second task may end meanwhile.
void ends_while_it_consumes() {
  rt::engine home(rt::engine_of(2));
  signal over;
  plain<int> first, second, inside;
  int sum = 0, calls = 0;
  const auto consume = [&](int value) -> task<> {
    ++inside;
    require((value == 1 ? first : second) == value, "a result comes with what its task did");
    co_await yield_now();
    ++inside;
    sum += value;
    ++calls;
  };
  const auto body = [&]() -> task<> {
    co_await as_completed(gives(1, first), gives(2, second), consume);
    require(sum == 3 && calls == 2 && inside == 4, "each result once");
    over.set();
  };
  auto handle = detail::spawn_on(home, body);
  over.wait(false);
  home.stop();
}

// Stopped from outside, in whatever state.
void stop_against_all() {
  rt::engine home(rt::engine_of(2));
  plain<int> first, inside;
  semaphore never(0);
  const auto waits = [&]() -> task<int> {
    static_cast<void>(co_await never.acquire());
    co_return 2;
  };
  const auto consume = [&](int) -> task<> {
    ++inside;
    co_await yield_now();
  };
  const auto body = [&]() -> task<> { co_await as_completed(gives(1, first), waits(), consume); };
  auto handle = detail::spawn_on(home, body);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(inside <= 1 && handle.is_done(), "a stop ends all of them");
}

// A task fails while the function consumes: the others and the function are stopped, the error is thrown.
void failure_while_it_consumes() {
  rt::engine home(rt::engine_of(2));
  signal over;
  plain<int> first;
  semaphore never(0);
  const auto fails = []() -> task<int> {
    throw failure();
    co_return 2;
  };
  const auto consume = [&](int) -> task<> { static_cast<void>(co_await never.acquire()); };
  const auto body = [&]() -> task<> {
    int thrown = 0;
    try {
      co_await as_completed(gives(1, first), fails(), consume);
    } catch (const failure&) {
      ++thrown;
    }
    require(thrown == 1, "the error comes out, once");
    over.set();
  };
  auto handle = detail::spawn_on(home, body);
  over.wait(false);
  home.stop();
}

constexpr bounds usual{.most_exhaustive = 6'000, .random = 1'200};

const registered ends("ends_while_it_consumes", "each result once, one at a time", usual,
                      ends_while_it_consumes);
const registered stop("stop_against_all", "a stop ends tasks and function", usual, stop_against_all);
const registered fail("failure_while_it_consumes", "an error ends tasks and function", usual,
                      failure_while_it_consumes);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
