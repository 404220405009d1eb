// Whose turn it is: per thread, nested, and right after a coroutine has moved to another thread.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/current.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"
#include "tests/support/scope_chain.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(current, threads_that_are_no_workers_share_a_turn_without_a_worker) {
  turn* mine = &this_turn();
  turn* theirs = nullptr;
  std::thread([&] { theirs = &this_turn(); }).join();
  EXPECT_EQ(mine, theirs);
  EXPECT_EQ(mine->self, nullptr);
  EXPECT_EQ(mine->home, nullptr);
  EXPECT_EQ(mine->forks, nullptr);
}

TEST(current, guards_nest_and_give_back_what_was_before) {
  turn* outside = &this_turn();
  turn outer, inner;
  {
    const turn_guard first(outer);
    EXPECT_EQ(&this_turn(), &outer);
    {
      const turn_guard second(inner);
      EXPECT_EQ(&this_turn(), &inner);
    }
    EXPECT_EQ(&this_turn(), &outer);
  }
  EXPECT_EQ(&this_turn(), outside);
}

TEST(current, a_guard_holds_for_its_own_thread_alone) {
  turn own;
  const turn_guard entered(own);
  turn* theirs = nullptr;
  std::thread([&] { theirs = &this_turn(); }).join();
  EXPECT_NE(theirs, &own);
  EXPECT_EQ(&this_turn(), &own);
}

// Compilers keep the address of a thread-local across a suspension: the test is worth most with optimisation.
step look_around(hand_op& op, int times, std::vector<turn*>& seen) {
  for (int i = 0; i < times; ++i) {
    seen.push_back(&this_turn());
    co_await op;
    seen.push_back(&this_turn());
  }
}

TEST(current, a_coroutine_that_moves_between_threads_sees_the_turn_of_the_thread_it_is_on) {
  constexpr int moves = 50;
  hand_op op(cancel_outcome::taken);
  std::vector<turn*> seen;
  scope_chain chain(look_around(op, moves, seen));
  std::vector<std::unique_ptr<turn>> turns;
  for (int i = 0; i <= moves; ++i) {
    turns.push_back(std::make_unique<turn>());
    ASSERT_TRUE(i == 0 || op.complete());
    std::thread([&] { run_one(chain, *turns.back()); }).join();
  }
  EXPECT_EQ(chain.finished, 1);
  ASSERT_EQ(seen.size(), 2u * moves);
  for (std::size_t i = 0; i < moves; ++i) {
    EXPECT_EQ(seen[2 * i], turns[i].get()) << "before move " << i;
    EXPECT_EQ(seen[2 * i + 1], turns[i + 1].get()) << "after move " << i;
  }
}

TEST(current, a_coroutine_handed_to_and_fro_between_two_workers_never_sees_the_others_turn) {
  const int moves = static_cast<int>(test::scaled(5000));
  hand_op op(cancel_outcome::taken);
  std::vector<turn*> seen;
  seen.reserve(2 * static_cast<std::size_t>(moves));
  scope_chain chain(look_around(op, moves, seen));
  std::array<turn, 2> turns;
  std::atomic<int> next{0};
  const auto work = [&](int self) {
    for (int i = self; i <= moves; i += 2) {
      while (next.load(std::memory_order_acquire) != i) std::this_thread::yield();
      EXPECT_TRUE(i == 0 || op.complete());
      run_one(chain, turns[self]);
      next.store(i + 1, std::memory_order_release);
    }
  };
  std::thread other([&] { work(1); });
  work(0);
  other.join();
  ASSERT_EQ(seen.size(), 2 * static_cast<std::size_t>(moves));
  for (std::size_t i = 0; i < static_cast<std::size_t>(moves); ++i) {
    ASSERT_EQ(seen[2 * i], &turns[i % 2]);
    ASSERT_EQ(seen[2 * i + 1], &turns[(i + 1) % 2]);
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
