// closure: a forked function is called once, by its owner or by a thief; the owner goes on when it has ended, with what
// it has done; it helps with nothing but what was forked deeper; no sleeper is forgotten, and nothing of a closure or a
// sleeper is touched once it is gone.
//
// The real queue, the real fork<F>. A thief is a loop of one steal.
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "weft/detail/parallel_fork.h"
#include "weft/model/model.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/fork_queue.h"
#include "weft/rt/work/turn.h"

extern "C" thread_local weft::rt::turn* weft_current_turn;

namespace weft::inline WEFT_ABI::model {
namespace {

// A worker, as far as closures know one.
struct seat {
  rt::fork_queue forks{2};
  rt::turn now;

  seat() {
    now.forks = &forks;
    explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  }

  // One job of a neighbour's.
  void steal_from(seat& victim) {
    if (rt::job* const found = victim.forks.steal()) found->run(*found, now);
  }
};

// A function that may be called once.
struct called {
  plain<int> times;
  void call() { require(++times == 1, "it is called once"); }
};

// `right` is offered while `left` runs.
template <class Right, class Left>
void invoke(rt::turn& now, Right right, Left left) {
  detail::fork one(now, right);
  if (!one.taken_while(now, left)) right();
}

void owner_and_thief() {
  seat owner;
  seat thief;
  called left;
  called right;
  threads({[&] {
             invoke(owner.now, [&] { right.call(); }, [&] { left.call(); });
             require(right.times == 1 && left.times == 1, "both have been called when the call returns");
             require(owner.forks.empty(), "nothing is left in the queue");
           },
           [&] { thief.steal_from(owner); }});
}

void results() {
  seat owner;
  seat thief;
  threads({[&] {
             plain<int> made;
             auto right = [&] {
               made = 5;
               return 7;
             };
             detail::fork one(owner.now, right);
             const int got = one.taken_while(owner.now, [] {}) ? one.take() : right();
             require(got == 7 && made == 5, "the result is there");
           },
           [&] { thief.steal_from(owner); }});
}

void two_of_them() {
  seat owner;
  seat thief;
  called each[3];
  threads({[&] {
             invoke(
                 owner.now, [&] { each[2].call(); },
                 [&] { invoke(owner.now, [&] { each[1].call(); }, [&] { each[0].call(); }); });
             for (const called& one : each)
               require(one.times == 1, "all have been called when the call returns");
           },
           [&] {
             thief.steal_from(owner);
             thief.steal_from(owner);
           }});
}

// The thief forks inside what it took, and afterwards something of its own, with which the owner must not help.
void helping() {
  seat owner;
  seat thief;
  called deeper;
  threads({[&] {
             const rt::turn_guard entered(owner.now);
             invoke(
                 owner.now,
                 [&] {
                   rt::turn& now = weft_current_turn == &thief.now ? thief.now : owner.now;
                   invoke(now, [&] { deeper.call(); }, [] {});
                 },
                 [] {});
             require(deeper.times == 1, "what was forked deeper has been called");
           },
           [&] {
             const rt::turn_guard entered(thief.now);
             thief.steal_from(owner);
             called own;
             const auto of_its_own = [&] {
               require(weft_current_turn == &thief.now, "the owner helps with nothing but what it waits for");
               own.call();
             };
             invoke(thief.now, of_its_own, [] {});
           }});
}

// The same with something further out below what was forked deeper.
void helping_above() {
  seat owner;
  seat thief;
  called deeper;
  threads({[&] {
             const rt::turn_guard entered(owner.now);
             invoke(
                 owner.now,
                 [&] {
                   rt::turn& now = weft_current_turn == &thief.now ? thief.now : owner.now;
                   invoke(now, [&] { deeper.call(); }, [] {});
                 },
                 [] {});
             require(deeper.times == 1, "what was forked deeper has been called");
           },
           [&] {
             const rt::turn_guard entered(thief.now);
             called further_out;
             invoke(
                 thief.now,
                 [&] {
                   require(weft_current_turn == &thief.now, "the owner helps with nothing further out");
                   further_out.call();
                 },
                 [&] { thief.steal_from(owner); });
           }});
}

// An error on the owner's side: what was taken is waited for, the rest is not called.
void abandoned() {
  seat owner;
  seat thief;
  threads({[&] {
             called right;
             bool is_thrown = false;
             try {
               invoke(owner.now, [&] { right.call(); }, [] { throw 1; });
             } catch (int) {
               is_thrown = true;
             }
             require(is_thrown && right.times <= 1, "the error comes, and nobody uses the frame any more");
             require(owner.forks.empty(), "nothing is left in the queue");
           },
           [&] { thief.steal_from(owner); }});
}

const registered plain_join("owner_and_thief", "called once, and over when the call returns",
                            {.preemptions = 3}, owner_and_thief);
const registered with_result("results", "the result comes from either", {.preemptions = 3}, results);
const registered no_limits("no_limits", "a sleeping owner is woken", {.preemptions = 3, .time_passes = false},
                           owner_and_thief);
const registered in_a_row("two_of_them", "several forks, each called once", {}, two_of_them);
const registered helped("helping", "an owner that waits helps with what is deeper, and nothing else",
                        {.preemptions = 3}, helping);
const registered above("helping_above", "nor with what stands below it in the thief's queue",
                       {.preemptions = 3}, helping_above);
const registered thrown("abandoned", "an error leaves nothing behind", {.preemptions = 3}, abandoned);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
