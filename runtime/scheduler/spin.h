// How long one worker without work goes on looking at its neighbours before it sleeps.
//
// A search is made of rounds: in each, every neighbour is looked at once, and the pause before a round is
// twice the one before it. So a thief that finds nothing, or was not fast enough, leaves a busy neighbour's
// queue alone for longer and longer.
//
// How many rounds a search has is learned from those before: where the later rounds found jobs, the next
// search has twice as many; where they found none, half as many, down to one look without any pause. Now
// and then a search has all of them again, or a worker that no longer spins would never learn that it is
// worth while. Only counts are looked at, never the clock.
//
// A search that may not spin (others do already, or all cores are taken: see workplace::may_spin) has one
// round, and teaches nothing.
//
// Refused: to yield between rounds (decision 0007), and to measure how long the sleeps last: two readings
// of the clock for each of them, and a wake-up says little of when its job came.
//
// Not thread-safe: one for each worker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

class spin {
 public:
  // Together about 15 µs, half of what a wake-up across cores costs.
  static constexpr int most_rounds = 12;
  static constexpr int longest_pause = 64;
  // Of the searches that may spin and have learned not to, each 16th tries.
  static constexpr std::uint32_t try_again_every = 16;

  // A search begins: how many rounds it has.
  [[nodiscard]] int begin(bool may_spin) noexcept {
    rounds_ = 1;
    if (!may_spin) return rounds_;
    rounds_ = budget_;
    if (budget_ == 1 && ++lean_ % try_again_every == 0) rounds_ = most_rounds;
    return rounds_;
  }

  // Of the search that began last, for tests.
  [[nodiscard]] int rounds() const noexcept { return rounds_; }

  // How often to pause before a round, counted from zero.
  [[nodiscard]] static constexpr int pauses_before(int round) noexcept {
    return round == 0 ? 0 : 1 << std::min(round - 1, last_doubling);
  }

  // It has ended: with a job that this round found, or with none.
  void found_in(int round) noexcept {
    if (round > 0) budget_ = std::min(2 * rounds_, most_rounds);
  }
  void found_nothing() noexcept {
    if (rounds_ > 1) budget_ = std::max(budget_ / 2, 1);
  }

 private:
  static constexpr int last_doubling = 6;
  static_assert(1 << last_doubling == longest_pause);

  int budget_ = most_rounds;  // of the next search that may spin
  int rounds_ = 1;            // of this one
  std::uint32_t lean_ = 0;    // searches that could have spun, and had learned not to
};

}  // namespace weft::inline WEFT_ABI::rt
