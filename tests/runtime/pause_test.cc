// The pause of all workers: who counts as come, one pause at a time, and its limit. And the leaf word's
// promise to reports: what it names is alive.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/pause.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "tests/support/bounded_wait.h"
#include "tests/support/scope_chain.h"
#include "tests/support/workbench.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using place = pause_gate::place;

std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + 1ms;
}
std::chrono::steady_clock::time_point late() {
  return std::chrono::steady_clock::now() + test::patience;
}

TEST(pause_gate, of_workers_that_do_not_come_gives_up_and_says_who) {
  pause_gate gate(2);
  gate.begin(pause_gate::no_worker);
  EXPECT_TRUE(gate.is_asked());
  EXPECT_FALSE(gate.wait_for_all(soon()));
  EXPECT_EQ(gate.place_of(0), place::away);
  gate.end(pause_gate::no_worker);
  EXPECT_FALSE(gate.is_asked());
}

TEST(pause_gate, counts_a_worker_that_asks_one_that_stands_still_and_one_that_is_gone) {
  pause_gate gate(3);
  gate.depart(2);
  gate.begin(0);
  std::atomic<bool> goes_on{false};
  std::thread halted([&] {
    gate.attend(1);
    goes_on = true;
  });
  EXPECT_TRUE(gate.wait_for_all(late()));
  EXPECT_EQ(gate.place_of(0), place::calling);
  EXPECT_EQ(gate.place_of(1), place::halted);
  EXPECT_EQ(gate.place_of(2), place::gone);
  EXPECT_FALSE(goes_on) << "it stands still until the end";
  gate.end(0);
  halted.join();
  EXPECT_EQ(gate.place_of(0), place::away);
  EXPECT_EQ(gate.place_of(1), place::away);
}

TEST(pause_gate, counts_a_worker_that_waits_for_its_own_turn_to_ask) {
  pause_gate gate(2);
  gate.begin(0);
  std::atomic<bool> has_begun{false};
  std::thread second([&] {
    gate.begin(1);
    has_begun = true;
    EXPECT_EQ(gate.place_of(0), place::away);
    gate.end(1);
  });
  EXPECT_TRUE(gate.wait_for_all(late()));
  EXPECT_EQ(gate.place_of(1), place::calling);
  EXPECT_FALSE(has_begun) << "one pause at a time";
  gate.end(0);
  second.join();
  EXPECT_TRUE(has_begun);
}

// The back-stop of a limited wait is taken away: a worker that slept through the call would be seen.
TEST(pause, finds_workers_that_sleep_without_a_limit) {
  workbench bench(3);
  for (watched_backend* each : bench.backends) each->never_by_time = true;
  bench.start_all();
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(eventually([&] { return bench.all_sleep_without_limit(); }));
    bench.place.pauses.begin(pause_gate::no_worker);
    for (const auto& each : bench.place.stations) each->events.wake();
    EXPECT_TRUE(bench.place.pauses.wait_for_all(late()));
    bench.place.pauses.end(pause_gate::no_worker);
  }
}

// The worker's own look at its reactor, before it sits down, uses the wake-up: what is left to see is the flag.
TEST(pause, is_seen_by_a_worker_whose_wake_up_was_used_up_before_it_sat_down) {
  workbench bench(1);
  bench.backends[0]->never_by_time = true;
  std::atomic<bool> is_asked{false};
  bench.backends[0]->before_wait = [&](std::int64_t timeout_ns, job_list&) {
    if (timeout_ns != 0 || is_asked.exchange(true)) return;
    bench.place.pauses.begin(pause_gate::no_worker);
    bench.place.stations[0]->events.wake();
  };
  bench.start(0);
  ASSERT_TRUE(eventually([&] { return is_asked.load(); }));
  EXPECT_TRUE(bench.place.pauses.wait_for_all(late()));
  bench.place.pauses.end(pause_gate::no_worker);
  bench.close();
  EXPECT_EQ(bench.place.pauses.place_of(0), place::gone);
}

// Asked for between the worker's look at the flag and its wait.
TEST(pause, is_seen_by_a_worker_that_is_about_to_sleep) {
  workbench bench(1);
  std::atomic<bool> is_asked{false};
  bench.backends[0]->before_wait = [&](std::int64_t timeout_ns, job_list&) {
    if (timeout_ns == 0 || is_asked.exchange(true)) return;
    bench.place.pauses.begin(pause_gate::no_worker);
    bench.place.stations[0]->events.wake();
  };
  bench.start(0);
  ASSERT_TRUE(eventually([&] { return is_asked.load(); }));
  EXPECT_TRUE(bench.place.pauses.wait_for_all(late()));
  bench.place.pauses.end(pause_gate::no_worker);
}

// --- the leaf word

step wait_for(hand_op& op) {
  co_await op;
}

TEST(armed_op, of_a_stopped_chain_is_forgotten_by_whoever_hands_its_job_out) {
  for (const cancel_outcome answer : {cancel_outcome::taken, cancel_outcome::completing}) {
    turn now;
    hand_op op(answer);
    scope_chain chain(wait_for(op));
    EXPECT_EQ(chain.armed_op_or_null(), nullptr);
    run_one(chain, now);
    EXPECT_EQ(chain.armed_op_or_null(), &op);
    job_list ready;
    chain.stop(ready);
    if (answer == cancel_outcome::completing) {
      EXPECT_EQ(chain.armed_op_or_null(), &op) << "it completes, so it is alive";
      EXPECT_TRUE(op.complete());
      ready.push_back(chain);
    }
    EXPECT_EQ(chain.armed_op_or_null(), nullptr);
    EXPECT_TRUE(chain.is_stopping());
    run_until_quiet(ready, now);
    EXPECT_TRUE(chain.has_ended());
  }
}

TEST(armed_op, that_completes_before_its_canceller_has_left_stays_until_it_has) {
  turn now;
  hand_op op(cancel_outcome::completing);
  op.while_cancelling = [](hand_op& self, job_list&) {
    EXPECT_FALSE(self.complete());
    EXPECT_EQ(self.waiter->armed_op_or_null(), &self);
  };
  scope_chain chain(wait_for(op));
  run_one(chain, now);
  job_list ready;
  chain.stop(ready);
  EXPECT_EQ(chain.armed_op_or_null(), nullptr);
  run_until_quiet(ready, now);
  EXPECT_TRUE(chain.has_ended());
}

TEST(running_frame, is_the_one_that_was_entered_last) {
  struct seen {
    static step inner(frame*& at) {
      at = this_turn().running;
      co_return;
    }
    static step outer(frame*& before, frame*& inside, frame*& after) {
      before = this_turn().running;
      co_await inner(inside);
      after = this_turn().running;
    }
  };
  turn now;
  frame *before = nullptr, *inside = nullptr, *after = nullptr;
  scope_chain chain(seen::outer(before, inside, after));
  frame* const root = chain.root;
  run_one(chain, now);
  EXPECT_EQ(before, root);
  EXPECT_NE(inside, nullptr);
  EXPECT_NE(inside, root);
  EXPECT_EQ(after, root);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
