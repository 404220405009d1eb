// million_suspended: a million tasks, each of which waits for the same event. Then the event comes.
//
//     compare::suspended all(now);
//     … start all.count() tasks that wait …     all.are_suspended();
//     … wake them, wait for their end …         all.have_ended();
//
// Figures: the seconds to start and to wake them, and how much resident memory one of them needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>

#include "benchmarks/compare/harness/rival.h"

namespace compare {

inline double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class suspended {
 public:
  explicit suspended(cell& now) : now_(now), count_(now.size(1'000'000u, 1'000u)) {}

  [[nodiscard]] std::uint64_t count() const { return count_; }

  void are_suspended() {
    suspended_ = std::chrono::steady_clock::now();
    now_.figure("bytes_each", (resident_bytes() - bytes_before_) / static_cast<double>(count_));
    waking_ = std::chrono::steady_clock::now();
  }
  void have_ended() {
    const std::chrono::duration<double> to_start = suspended_ - begin_;
    const std::chrono::duration<double> to_wake = std::chrono::steady_clock::now() - waking_;
    now_.figure("seconds_to_start", to_start.count());
    now_.figure("seconds_to_wake", to_wake.count());
    now_.items(count_);
    now_.took(to_start + to_wake);
  }

 private:
  using time_point = std::chrono::steady_clock::time_point;

  cell& now_;
  std::uint64_t count_;
  double bytes_before_ = resident_bytes();
  time_point begin_ = std::chrono::steady_clock::now();
  time_point suspended_;
  time_point waking_;
};

}  // namespace compare
