// One chain of awaits: every order of completion and stop hands its job out exactly once, and unwinding is
// innermost first, whatever the depth. SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/scope.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/jobs.h"
#include "tests/support/scope_chain.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

step wait_once(hand_op& op) {
  co_await op;
}

struct scope_test : testing::Test {
  void run(job& next) {
    run_one(next, now);
    job_list none;
    run_until_quiet(none, now);
  }
  // How many jobs the stop handed out; `ready` keeps them.
  std::size_t stop(scope& stopping) {
    const std::size_t before = ready.size();
    stopping.stop(ready);
    return ready.size() - before;
  }

  turn now;
  job_list ready;
};

TEST_F(scope_test, a_chain_that_nobody_stops_is_resumed_by_the_completion_and_ends_as_finished) {
  hand_op op(cancel_outcome::taken);
  scope_chain chain(wait_once(op));
  run(chain);
  ASSERT_TRUE(op.is_armed);
  EXPECT_EQ(&chain.armed_op(), &op);
  EXPECT_TRUE(op.complete());
  run(chain);
  EXPECT_EQ(chain.finished, 1);
  EXPECT_EQ(op.cancels, 0);
  EXPECT_FALSE(chain.is_stopping());
}

TEST_F(scope_test, a_stop_that_takes_the_operation_hands_the_chain_out_to_be_unwound) {
  hand_op op(cancel_outcome::taken);
  scope_chain chain(wait_once(op));
  run(chain);
  EXPECT_EQ(stop(chain), 1u);
  EXPECT_EQ(op.cancels, 1);
  EXPECT_TRUE(chain.is_stopping());
  run_until_quiet(ready, now);
  EXPECT_EQ(chain.stopped, 1);
  EXPECT_EQ(chain.finished, 0);
}

TEST_F(scope_test, an_operation_that_completes_after_the_stop_left_hands_the_chain_out) {
  hand_op op(cancel_outcome::completing);
  scope_chain chain(wait_once(op));
  run(chain);
  EXPECT_EQ(stop(chain), 0u) << "the completer comes last, so it has the job";
  EXPECT_TRUE(op.complete());
  run(chain);
  EXPECT_EQ(chain.finished, 1) << "a completed effect wins over the stop";
}

TEST_F(scope_test, an_operation_that_completes_while_the_stop_is_at_work_leaves_the_chain_to_it) {
  hand_op op(cancel_outcome::completing);
  op.while_cancelling = [](hand_op& self, job_list&) { EXPECT_FALSE(self.complete()); };
  scope_chain chain(wait_once(op));
  run(chain);
  EXPECT_EQ(stop(chain), 1u) << "the canceller comes last, so it has the job";
  run_until_quiet(ready, now);
  EXPECT_EQ(chain.finished, 1);
}

TEST_F(scope_test, an_operation_that_was_never_started_may_unwind_instead_of_resuming) {
  hand_op op(cancel_outcome::completing);
  scope_chain chain(wait_once(op));
  run(chain);
  EXPECT_EQ(stop(chain), 0u);
  run(op.complete() ? chain.to_unwind(*chain.at) : chain);
  EXPECT_EQ(chain.stopped, 1);
  EXPECT_EQ(chain.finished, 0);
}

TEST_F(scope_test, a_forwarded_stop_hands_out_nothing_until_both_halves_are_done) {
  for (const bool completion_first : {true, false}) {
    hand_op op(cancel_outcome::forwarded);
    scope_chain chain(wait_once(op));
    run(chain);
    EXPECT_EQ(stop(chain), 0u);
    EXPECT_EQ(op.cancels, 1);
    if (completion_first) {
      EXPECT_FALSE(op.complete()) << "the forwarding job is still on its way";
      EXPECT_TRUE(chain.left());
    } else {
      EXPECT_FALSE(chain.left()) << "the children have not ended yet";
      EXPECT_TRUE(op.complete());
    }
    run(chain.to_unwind(*chain.at));
    EXPECT_EQ(chain.stopped, 1);
  }
}

TEST_F(scope_test, a_second_stop_does_nothing) {
  for (const cancel_outcome answer :
       {cancel_outcome::taken, cancel_outcome::completing, cancel_outcome::forwarded}) {
    hand_op op(answer);
    scope_chain chain(wait_once(op));
    run(chain);
    stop(chain);
    EXPECT_EQ(stop(chain), 0u);
    EXPECT_EQ(op.cancels, 1);
    if (answer != cancel_outcome::taken) {
      static_cast<void>(op.complete());
      EXPECT_TRUE(answer == cancel_outcome::completing || chain.left());
      ready.push_back(chain.to_unwind(*chain.at));
    }
    run_until_quiet(ready, now);
    EXPECT_EQ(chain.stopped, 1);
  }
}

TEST_F(scope_test, a_chain_that_was_stopped_while_it_ran_arms_nothing_any_more) {
  hand_op op(cancel_outcome::taken);
  struct shared {
    scope* own = nullptr;
    job_list* ready = nullptr;
  } here;
  const auto body = [](hand_op& to_await, shared& with) -> step {
    with.own->stop(*with.ready);
    co_await to_await;
    ADD_FAILURE() << "a stop point let a stopped chain pass";
  };
  scope_chain chain(body(op, here));
  here.own = &chain;
  here.ready = &ready;
  run(chain);
  EXPECT_TRUE(ready.empty()) << "who runs will see the stop by itself";
  EXPECT_FALSE(op.is_armed);
  EXPECT_EQ(op.cancels, 0);
  EXPECT_EQ(chain.stopped, 1);
}

TEST_F(scope_test, a_chain_that_was_stopped_before_its_start_never_runs_its_body) {
  bool has_run = false;
  const auto body = [](bool& ran) -> step {
    ran = true;
    co_return;
  };
  scope_chain chain(body(has_run));
  EXPECT_EQ(stop(chain), 0u) << "its job is in a queue already";
  run(chain);
  EXPECT_FALSE(has_run);
  EXPECT_EQ(chain.stopped, 1);
  EXPECT_EQ(chain.root, nullptr);
}

TEST_F(scope_test, after_a_completion_that_beat_the_stop_the_next_wait_is_refused) {
  hand_op first(cancel_outcome::completing), second(cancel_outcome::taken);
  const auto body = [](hand_op& one, hand_op& two) -> step {
    co_await one;
    co_await two;
  };
  scope_chain chain(body(first, second));
  run(chain);
  stop(chain);
  EXPECT_TRUE(first.complete());
  run(chain);
  EXPECT_FALSE(second.is_armed) << "a stop is a level, not an edge";
  EXPECT_EQ(chain.stopped, 1);
}

TEST_F(scope_test, what_is_no_coroutine_runs_its_own_job_when_its_operation_ends) {
  hand_op op(cancel_outcome::completing);
  static int done = 0;
  done = 0;
  scope bare;
  op.waiter = &bare;
  EXPECT_TRUE(bare.wait_for(op, scope_chain::nowhere, [](job&, turn&) noexcept { ++done; }));
  EXPECT_EQ(stop(bare), 0u);
  ASSERT_TRUE(op.complete());
  run(bare);
  EXPECT_EQ(done, 1);
  EXPECT_FALSE(bare.wait_for(op, scope_chain::nowhere, [](job&, turn&) noexcept {}));
}

// --- unwinding

struct noted {
  std::vector<std::string>* into;
  std::string name;
  ~noted() { into->push_back(name); }
};

step nest(hand_op& op, int depth, std::vector<std::string>& dying) {
  const noted outer{&dying, "outer " + std::to_string(depth)};
  const noted inner{&dying, "inner " + std::to_string(depth)};
  if (depth == 2) {
    co_await op;
  } else {
    co_await nest(op, depth + 1, dying);
  }
}

TEST_F(scope_test, unwinding_destroys_the_innermost_frame_first_and_locals_in_reverse) {
  hand_op op(cancel_outcome::taken);
  std::vector<std::string> dying;
  scope_chain chain(nest(op, 0, dying));
  run(chain);
  stop(chain);
  EXPECT_TRUE(dying.empty()) << "nothing dies on the thread that asks";
  run_until_quiet(ready, now);
  EXPECT_EQ(dying,
            (std::vector<std::string>{"inner 2", "outer 2", "inner 1", "outer 1", "inner 0", "outer 0"}));
}

TEST_F(scope_test, a_child_held_in_a_local_dies_once_and_before_its_owner) {
  hand_op op(cancel_outcome::taken);
  std::vector<std::string> dying;
  const auto body = [](hand_op& to_await, std::vector<std::string>& died) -> step {
    const noted outer{&died, "outer"};
    step held = nest(to_await, 2, died);
    step unstarted = nest(to_await, 1, died);  // never runs, and is destroyed with us
    co_await std::move(held);
  };
  scope_chain chain(body(op, dying));
  run(chain);
  stop(chain);
  run_until_quiet(ready, now);
  EXPECT_EQ(dying, (std::vector<std::string>{"inner 2", "outer 2", "outer"}));
}

struct counted {
  int* living;
  explicit counted(int& count) noexcept : living(&count) { ++count; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --*living; }
};

step dig(hand_op& op, int depth, int& living) {
  const counted here(living);
  if (depth == 0) {
    co_await op;
  } else {
    co_await dig(op, depth - 1, living);
  }
}

TEST_F(scope_test, a_deep_chain_is_unwound_in_portions_without_recursion) {
  const int depth = static_cast<int>(test::scaled(200'000));
  hand_op op(cancel_outcome::taken);
  int living = 0;
  scope_chain chain(dig(op, depth, living));
  run(chain);
  ASSERT_EQ(living, depth + 1);
  ASSERT_EQ(stop(chain), 1u);
  int turns = 0;
  for (job* next = ready.pop_front(); next != nullptr; next = now.later.pop_front()) {
    const int before = living;
    run_one(*next, now);
    ++turns;
    ASSERT_LE(before - living, 4096) << "one turn must not keep its worker for long";
    ASSERT_LT(living, before);
  }
  EXPECT_GT(turns, depth / 4096);
  EXPECT_EQ(living, 0);
  EXPECT_EQ(chain.stopped, 1);
}

TEST_F(scope_test, depths_around_the_size_of_a_portion_end_exactly_once) {
  for (int depth : {0, 1, 1022, 1023, 1024, 1025, 2046, 2047, 2048, 2049}) {
    hand_op op(cancel_outcome::taken);
    int living = 0;
    scope_chain chain(dig(op, depth, living));
    run(chain);
    stop(chain);
    run_until_quiet(ready, now);
    EXPECT_EQ(living, 0) << depth;
    EXPECT_EQ(chain.stopped, 1) << depth;
  }
}

TEST_F(scope_test, a_long_chain_of_transfers_goes_through_the_loop_once_its_budget_is_spent) {
  hand_op op(cancel_outcome::taken);
  int living = 0;
  scope_chain chain(dig(op, 1000, living));
  const turn_guard entered(now);
  chain.run(chain, now);
  EXPECT_LT(living, 200) << "the stack would grow with the chain where transfers are no tail calls";
  ASSERT_EQ(now.resume_first, &chain);
  now.resume_first = nullptr;
  run(chain);
  EXPECT_EQ(living, 1001);
}

// --- two threads

class scope_seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(scope_seeds, completion_and_two_stops_at_once_hand_the_job_out_exactly_once) {
  const int rounds = static_cast<int>(test::scaled(2000));
  // An operation like a timer: one flag says whether completion or cancel came first.
  struct raced_op : leaf_op {
    explicit raced_op(scope& in) noexcept : leaf_op(kind(), &in) {}
    static cancel_outcome on_cancel(leaf_op& self, job_list&) noexcept {
      return static_cast<raced_op&>(self).is_claimed.exchange(true) ? cancel_outcome::completing
                                                                    : cancel_outcome::taken;
    }
    static const leaf_kind& kind() noexcept {
      static constexpr leaf_kind made{"a test", &on_cancel};
      return made;
    }
    std::atomic<bool> is_claimed{false};
  };
  struct game {
    scope own;
    frame leaf{std::source_location::current()};
    raced_op op{own};
    int payload = 0;  // no atomic: handing out publishes it
    std::atomic<int> handed_out{0};
  };
  std::vector<std::unique_ptr<game>> games;
  for (int i = 0; i < rounds; ++i) {
    games.push_back(std::make_unique<game>());
    ASSERT_TRUE(games.back()->own.arm(games.back()->op, games.back()->leaf));
  }
  std::atomic<int> round{-1};
  std::atomic<int> there{0};
  const auto play = [&](std::uint64_t salt, auto act) {
    rng random(GetParam() * 4 + salt);
    for (int i = 0; i < rounds; ++i) {
      // Leave together: the last one to arrive opens the round.
      if (there.fetch_add(1) % 3 == 2) round.store(i);
      for (backoff pause; round.load() < i;) pause.pause();
      for (std::uint32_t spin = random.below(24); spin > 0; --spin) spin_pause();
      act(*games[i]);
    }
  };
  const auto stop_it = [](game& now) {
    job_list ready;
    now.own.stop(ready);
    if (const int jobs = drop_all(ready)) now.handed_out.fetch_add(jobs);
  };
  std::thread one([&] { play(1, stop_it); });
  std::thread two([&] { play(2, stop_it); });
  play(3, [](game& now) {
    if (now.op.is_claimed.exchange(true)) return;  // cancelled: nothing will complete
    now.payload = 5;
    if (now.own.finish()) now.handed_out.fetch_add(1);
  });
  one.join();
  two.join();
  for (int i = 0; i < rounds; ++i) {
    ASSERT_EQ(games[i]->handed_out, 1) << "round " << i << ", seed " << GetParam();
    const bool is_unwound = games[i]->own.run == &scope::unwind_job;
    ASSERT_EQ(is_unwound, games[i]->payload == 0) << "round " << i << ", seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, scope_seeds, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
