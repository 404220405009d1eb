// A pause: all workers stand still between two jobs, so that somebody may look at tasks and queues.
//
// is_asked() is looked at once a turn: one load of a word that is written by pauses alone. Everything else is
// a lock.
//
// Who asks raises the flag, then wakes every worker's reactor, then waits until each has come, but no longer
// than its patience. Why nobody sleeps through it: a wake-up ends the wait of whoever holds the seat, or the
// next one. If a neighbour's poll uses it up, then before the worker has sat down; by way of the seat it then
// sees the flag, which it reads once it sits (worker::sleep_until_work). A wake-up too many is harmless. No
// wake-up for a job is lost: who was taken to search does so after the pause.
//
// A worker that calls for a pause itself, from inside a job, counts as come. So does one that waits for its
// turn to ask while another's pause lasts: two workers that ask at the same time do not wait for each other.
// Workers of two runtimes that each ask about the other wait for their patience. A worker whose thread has
// ended counts as come.
//
// What a complete pause gives: no job of these workers runs. What it does not: threads that are no workers,
// and workers of other runtimes, go on. They submit, stop, finish and grant; none of them runs a coroutine of
// ours, destroys a frame of an admitted task or takes a member out of a roster, because each of these is done
// by a job of the task's own runtime. The lock hands over what the workers wrote before they came.
//
// Any thread may ask; attend() and depart() are called by a worker about itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/padded.h"

namespace weft::inline WEFT_ABI::rt {

class pause_gate {
 public:
  enum class place : std::uint8_t {
    away,     // runs a job, searches, sleeps
    halted,   // stands still between two jobs
    calling,  // inside a job that asks for a pause
    gone,     // its thread has ended
  };
  static constexpr std::size_t no_worker = static_cast<std::size_t>(-1);

  explicit pause_gate(std::size_t workers) : places_(workers, place::away) {}

  // Worker, between two jobs.
  [[nodiscard]] bool is_asked() const noexcept {
    return asked_->load(std::memory_order_relaxed);  // attend() takes the lock; for a sleeper see the head
  }
  void attend(std::size_t self) noexcept;
  // A worker's thread ends.
  void depart(std::size_t self) noexcept;

  // One pause at a time: waits for the one before. `self`: the worker that asks, or no_worker. Afterwards the
  // caller wakes all workers, waits, looks, and must end() it.
  void begin(std::size_t self) noexcept;
  // True: all have come.
  [[nodiscard]] bool wait_for_all(std::chrono::steady_clock::time_point until) noexcept;
  // Between begin() and end(): where a worker is. One that is away may come at any moment, and stays then.
  [[nodiscard]] place place_of(std::size_t worker) noexcept;
  void end(std::size_t self) noexcept;

 private:
  [[nodiscard]] bool is_anyone_away() const noexcept;

  // Written by begin() and end(); read by every worker once a turn, so it shares its line with nothing.
  padded<atomic<bool>> asked_{false};
  mutex lock_;
  condition_variable changed_;
  std::vector<place> places_;  // this and the next: guarded by lock_
  bool is_held_ = false;
};

}  // namespace weft::inline WEFT_ABI::rt
