// Waiting in tests: for a condition, at a gate, for each other. Always with a bound, and never by sleeping.
//
// The bound is there to turn a hang into a red test; a green test never waits for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>
#include <thread>

namespace weft::test {

inline constexpr std::chrono::seconds patience{60};

// For test threads and blocking functions, not for coroutines: it keeps its thread.
template <class Condition>
[[nodiscard]] bool eventually(Condition holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

// Holds threads (functions on the pools) until the test opens it. Tasks wait at a `door`.
class gate {
 public:
  void open() {
    const std::lock_guard guard(lock_);
    is_open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock locked(lock_);
    ++reached_;
    changed_.notify_all();
    EXPECT_TRUE(changed_.wait_for(locked, patience, [this] { return is_open_; })) << "nobody opened the gate";
  }
  [[nodiscard]] bool is_reached(int by = 1) {
    std::unique_lock locked(lock_);
    return changed_.wait_for(locked, patience, [&] { return reached_ >= by; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_open_ = false;
  int reached_ = 0;
};

// So many threads that must all be there at the same time: each blocks until the last one has come.
class meeting {
 public:
  explicit meeting(std::size_t expected) : expected_(expected) {}

  // False: the others did not come, because somebody ran them one after the other.
  [[nodiscard]] bool attend() {
    std::unique_lock locked(lock_);
    present_.insert(std::this_thread::get_id());
    ++came_;
    changed_.notify_all();
    return changed_.wait_for(locked, patience, [this] { return came_ >= expected_; });
  }
  // How many different threads took part.
  [[nodiscard]] std::size_t threads() {
    const std::lock_guard guard(lock_);
    return present_.size();
  }

 private:
  const std::size_t expected_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::size_t came_ = 0;
  std::set<std::thread::id> present_;
};

}  // namespace weft::test
