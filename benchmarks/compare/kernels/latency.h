// wake, foreign_post and mixed_latency: how long somebody waits for a thread.
//
//   foreign_post   a thread that is not the scheduler's hands in work that returns 1, and waits for the answer
//   wake           the same, when all of the scheduler's threads sleep: from handing in to running, one way
//   mixed_latency  as many tasks as threads burn CPU all the time, where the rival's documentation wants such work to be;
//                  one task sleeps for a millisecond, again and again: how late does it go on? The figure is the 99th
//                  percentile of that.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <semaphore>
#include <thread>
#include <vector>

namespace compare {

using clock = std::chrono::steady_clock;
using latency = std::chrono::duration<double>;

// Long enough for the threads of every rival to have given up spinning.
inline void let_threads_sleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// Where a task says that it runs, and where the thread that handed it in waits for that.
class landing {
 public:
  void leave() { left_ = clock::now(); }
  void arrive() {
    arrived_ = clock::now();
    has_arrived_.release();
  }
  // Blocks; how long it was from leave() to arrive().
  [[nodiscard]] latency wait() {
    has_arrived_.acquire();
    return arrived_ - left_;
  }

 private:
  clock::time_point left_;
  clock::time_point arrived_;
  std::binary_semaphore has_arrived_{0};
};

inline constexpr std::uint64_t ticks_full = 250;
inline constexpr std::uint64_t ticks_tiny = 5;
inline constexpr std::chrono::milliseconds tick_period{1};

// One piece of a burner's work: some milliseconds of it. Between two pieces it looks whether it is enough.
inline std::uint64_t burn(std::uint64_t seed) {
  for (int round = 0; round < 1'000'000; ++round) {
    seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
  }
  benchmark::DoNotOptimize(seed);
  return seed;
}

// How late the ticks were. Used by the one task that ticks: `due()`, sleep until then, `ticked()`.
class ticks {
 public:
  explicit ticks(std::uint64_t wanted) : wanted_(wanted) { late_.reserve(wanted); }

  [[nodiscard]] bool is_done() const { return late_.size() == wanted_; }
  [[nodiscard]] clock::time_point due() { return due_ = clock::now() + tick_period; }
  void ticked() { late_.push_back(clock::now() - due_); }
  [[nodiscard]] const std::vector<latency>& late() const { return late_; }

 private:
  std::uint64_t wanted_;
  clock::time_point due_;
  std::vector<latency> late_;
};

}  // namespace compare
