// task_group: children that are spawned late, end, fail to be admitted, and are stopped: the group is left when the
// last one has ended, and not before; and a plain group's owner, its children and the runtime's end agree on who
// frees it.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/runtime.h"
#include "weft/sync/semaphore.h"
#include "weft/task_group.h"

namespace weft::inline WEFT_ABI::model {
namespace {

// Given to a child: counts when it is gone.
struct count_up {
  void operator()(plain<int>* gone) const noexcept { ++*gone; }
};
using belonging = std::unique_ptr<plain<int>, count_up>;

// A child spawns another one as its last act, while the body ends.
void late_spawn() {
  rt::engine home(rt::engine_of(2));
  plain<int> ran;
  plain<int> gone;
  signal done;
  const auto late = [&](const belonging&) -> task<> {
    ++ran;
    co_return;
  };
  const auto early = [&](task_group* group) -> task<> {
    require(group->spawn(late, belonging(&gone)), "a group in which a child runs takes children");
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    require(group.spawn(early, &group), "a group whose body runs takes children");
    co_return;
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    require(ran == 1, "the group is left after its last child");
    require(gone == 1, "and after what that held is gone");
    done.set();
  };
  auto handle = detail::spawn_on(home, parent);
  done.wait(false);
  home.stop();
}

// The body forks: its rest is taken by another worker, or by its own after the child.
void forked_child() {
  rt::engine home(rt::engine_of(2));
  plain<int> ran;
  int went_on = 0;
  signal done;
  const auto child = [&]() -> task<> {
    ++ran;
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    const bool is_in = co_await group.fork(child);
    require(is_in, "a group whose body runs takes children");
    ++went_on;
  };
  const auto parent = [&]() -> task<> {
    co_await with_task_group(body);
    require(ran == 1 && went_on == 1, "the group is left after its child and its body, once each");
    done.set();
  };
  auto handle = detail::spawn_on(home, parent);
  done.wait(false);
  home.stop();
}

// A stop from outside, while the body spawns a child that waits for ever.
void stop_against_spawn() {
  rt::engine home(rt::engine_of(2));
  semaphore never(0);
  const auto waits = [&]() -> task<> { static_cast<void>(co_await never.acquire()); };
  const auto body = [&](task_group& group) -> task<> {
    static_cast<void>(group.spawn(waits));
    co_return;
  };
  const auto parent = [&]() -> task<> { co_await with_task_group(body); };
  auto handle = detail::spawn_on(home, parent);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(handle.is_done(), "a stop ends the group");
}

// A plain group: outsiders spawn into it, stop it, and its owner joins.
void plain_group() {
  runtime all(rt::engine_of(1));
  plain<int> ran;
  int admitted = 0;
  const auto child = [&]() -> task<> {
    ++ran;
    co_return;
  };
  signal done;
  auto* const group = new task_group(all);
  threads({[&] {
             if (group->spawn(child)) ++admitted;
           },
           [&] { group->request_stop(); }});
  const auto joins = [&]() -> task<> {
    co_await group->join();
    done.set();
  };
  auto handle = all.spawn(joins);
  done.wait(false);
  delete group;
  all.stop();
  require(admitted <= 1, "a child is admitted or refused");
}

// An outsider spawns into a plain group that its owner joins.
void spawn_against_join() {
  runtime all(rt::engine_of(1));
  plain<int> ran;
  int admitted = 0;
  const auto child = [&]() -> task<> {
    ++ran;
    co_return;
  };
  signal done;
  task_group group(all);
  const auto joins = [&]() -> task<> {
    co_await group.join();
    done.set();
  };
  auto handle = all.spawn(joins);
  threads({[&] {
    if (group.spawn(child)) ++admitted;
  }});
  done.wait(false);
  require(ran == admitted, "a child is waited for, or refused");
  all.stop();
}

// The runtime ends while the owner of a plain group gives it up.
void plain_group_against_the_end() {
  runtime all(rt::engine_of(1));
  auto* const group = new task_group(all);
  threads({[&] { delete group; }, [&] { all.stop(); }});
}

constexpr bounds usual{.most_exhaustive = 40'000, .random = 3'000};

const registered late("late_spawn", "a group ends after its last child", usual, late_spawn);
const registered forked("forked_child", "the rest of a caller that forks runs once", usual, forked_child);
const registered stop("stop_against_spawn", "a stop reaches a child, or refuses it", usual,
                      stop_against_spawn);
const registered owned("plain_group", "spawn and stop from outside, and a join", usual, plain_group);
const registered joined("spawn_against_join", "after its end a group takes nobody", usual,
                        spawn_against_join);
const registered end("plain_group_against_the_end", "whoever comes last frees a plain group", usual,
                     plain_group_against_the_end);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
