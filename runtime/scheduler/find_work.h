// The order in which a worker looks for its next job.
//
//   every 61st turn    its own reactor, then the shared queue, so that a worker which feeds itself starves
//                      neither
//   its own queues     forked children first (they keep the working set small), ready tasks first every 7th
//                      turn
//   the shared queue
//   its own reactor    without waiting
//   its neighbours     from a random one on: the oldest forked children (one, or an eighth of many), half of the
//                      ready tasks; at last their reactors
//
// Ready tasks are first the one in the next slot, but at most three times in a row while others wait; then the oldest.
//
// What waits is looked at after so many turns (jobs that this worker runs), whatever the jobs do:
//
//     a ready task with n before it     at most 30 * (n + 1): every 7th turn is for ready tasks, every 4th of those
//                                       for the oldest, and a 61st may fall on one
//     the task in the next slot         at most 15: only the oldest comes before it
//     a forked child with n above it    what these fork goes first, as in a call; else 2 of 7 turns go by
//     a shared job with n before it     at most 61 * (n + 1), times the parts of the shared queue
//     what the reactor has              at most 61, and then as a ready task (tests/runtime/fairness_test.cc)
//
// A turn is bounded too: 128 transfers, and 64 such pieces of one chain count as a turn (worker.cc).
//
// Not thread-safe: one finder a worker. It knows queues and reactors, no worker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "weft/rt/base/rng.h"
#include "weft/rt/scheduler/station.h"
#include "weft/rt/work/shared_queue.h"

namespace weft::inline WEFT_ABI::rt {

class find_work {
 public:
  find_work(std::size_t own, const station_list& all, shared_queue& shared) noexcept;

  // A job of our own or a shared one; null when there is none.
  [[nodiscard]] job* next() noexcept;
  // The same for a worker that has not looked for long: what came from outside and what is ready goes first.
  [[nodiscard]] job* next_from_outside() noexcept;

  // For a job that would be enqueued only to be next again: passes over one turn in which there is nothing else to run.
  // False: there is, or something is due to be looked at.
  [[nodiscard]] bool pass_turn() noexcept {
    if (!is_own_empty() || !shared_.empty() || (turn_ + 1) % shared_first_every == 0) return false;
    ++turn_;
    return true;
  }

  // For a job that ends and waits for `awaited`: takes it out if next() would give it. False: it would not, or something is
  // due to be looked at.
  [[nodiscard]] bool pass_turn_to(job& awaited) noexcept {
    if (!mine_.forks.empty() || !mine_.next.empty() || (turn_ + 1) % shared_first_every == 0) return false;
    if (!mine_.ready.pop_if_oldest(awaited)) return false;
    ++turn_;
    next_in_a_row_ = 0;
    return true;
  }

  // A job of a neighbour's; null when none was seen in one round.
  [[nodiscard]] job* steal() noexcept;

  // Whether any queue holds a job. Exact about what was submitted before the caller's last idle transition.
  [[nodiscard]] bool is_any_left() const noexcept;

  // Nothing is left in our own queues.
  [[nodiscard]] bool is_own_empty() const noexcept {
    return mine_.ready.empty() && mine_.forks.empty() && mine_.next.empty();
  }

  // A job of ours is to run next, if none is. False: there is one, or nothing may overtake just now.
  [[nodiscard]] bool put_next(job& ready) noexcept { return mine_.next.put(ready); }
  // What a busy neighbour was to run next, and has not come to: to our own queue. True if there was anything.
  bool rescue_next() noexcept;

  // Puts all of `ready` behind our own ready tasks, or into the shared queue where ours is full. The caller
  // wakes somebody, if that is wanted.
  void enqueue(job_list& ready) noexcept;
  void enqueue(job& ready) noexcept {
    if (!mine_.ready.push(ready)) [[unlikely]]
      enqueue_to_full(ready);
  }
  void note_unannounced() noexcept { has_unannounced_ = true; }

  // Whether there may be jobs that nobody was woken for: since the last call some were harvested, or a search was
  // given up beside them.
  [[nodiscard]] bool take_unannounced() noexcept { return std::exchange(has_unannounced_, false); }

  // What is due at our own reactor, or at those of our neighbours, goes to our queue. True if there was
  // anything.
  bool harvest_own() noexcept;
  bool harvest_neighbours() noexcept;

 private:
  // Primes, so that they do not beat with users' loops.
  static constexpr std::uint32_t shared_first_every = 61;
  static constexpr std::uint32_t ready_first_every = 7;
  static constexpr std::uint32_t most_next_in_a_row = 3;

  bool harvest(reactor& from) noexcept;
  [[nodiscard]] job* next_ready() noexcept;
  WEFT_COLD void enqueue_to_full(job& ready) noexcept;
  void push_overflow(job_list& overflow) noexcept;
  job* count_steal(job* found) noexcept {
    mine_.counts.steals.add();
    return found;
  }

  std::size_t own_;
  const station_list& all_;
  station& mine_;
  shared_queue& shared_;
  rng victims_;
  std::uint32_t turn_ = 0;
  std::uint32_t next_in_a_row_ = 0;
  bool has_unannounced_ = false;
};

}  // namespace weft::inline WEFT_ABI::rt
