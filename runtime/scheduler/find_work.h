// The order in which a worker looks for its next job.
//
//   every 61st turn    its own reactor, then the shared queue, so that a worker which feeds itself starves
//                      neither
//   its own queues     forked children first (they keep the working set small), ready tasks first every 7th
//                      turn
//   the shared queue
//   its own reactor    without waiting
//   its neighbours     from a random one on: an old forked child, half of the ready tasks; at last their
//                      reactors
//
// Not thread-safe: one finder a worker. It knows queues and reactors, no worker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "weft/rt/base/rng.h"
#include "weft/rt/scheduler/station.h"
#include "weft/rt/work/inject_queue.h"

namespace weft::inline WEFT_ABI::rt {

class find_work {
 public:
  find_work(std::size_t own, const station_list& all, inject_queue& shared) noexcept;

  // A job of our own or a shared one; null when there is none.
  [[nodiscard]] job* next() noexcept;
  // The same for a worker that has not looked for long: what came from outside and what is ready goes first.
  [[nodiscard]] job* next_from_outside() noexcept;

  // A job of a neighbour's; null when none was seen in one round.
  [[nodiscard]] job* steal() noexcept;

  // Whether any queue holds a job. Exact about what was submitted before the caller's last idle transition.
  [[nodiscard]] bool is_any_left() const noexcept;

  // Puts all of `ready` behind our own ready tasks, or into the shared queue where ours is full. The caller
  // wakes somebody, if that is wanted.
  void enqueue(job_list& ready) noexcept;
  void enqueue(job& ready) noexcept;
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

  bool harvest(reactor& from) noexcept;
  void push_overflow(job_list& overflow) noexcept;
  job* count_steal(job* found) noexcept {
    mine_.counts.steals.add();
    return found;
  }

  std::size_t own_;
  const station_list& all_;
  station& mine_;
  inject_queue& shared_;
  rng victims_;
  std::uint32_t turn_ = 0;
  bool has_unannounced_ = false;
};

}  // namespace weft::inline WEFT_ABI::rt
