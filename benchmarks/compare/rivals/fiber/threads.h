// Boost.Fiber's work-stealing scheduler on so many threads. The caller's thread is one of them; the others wait in fiber
// fashion for the end of the program, and meanwhile run what they steal.
//
// Invariant: made once in a process. The scheduler's list of threads is static, and never shrinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/fiber/all.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace compare {

class fiber_threads {
 public:
  // A measurement has a process of its own, so `count` is the same every time.
  static void are_there(unsigned count) {
    if (all() == nullptr) all() = new fiber_threads(count);
  }
  // On the thread that made them.
  static void end() {
    delete all();
    all() = nullptr;
  }

 private:
  explicit fiber_threads(unsigned count) : count_(count) {
    for (unsigned i = 1; i < count; ++i) {
      others_.emplace_back([this] {
        steal();
        std::unique_lock guard(lock_);
        changed_.wait(guard, [this] { return has_ended_; });
      });
    }
    steal();
  }
  ~fiber_threads() {
    {
      const std::lock_guard guard(lock_);
      has_ended_ = true;
    }
    changed_.notify_all();
    for (std::thread& other : others_) other.join();
  }

  // Makes the calling thread one of them, one that sleeps when there is nothing to run.
  void steal() const {
    boost::fibers::use_scheduling_algorithm<boost::fibers::algo::work_stealing>(count_, true);
  }

  static fiber_threads*& all() {
    static fiber_threads* one = nullptr;
    return one;
  }

  unsigned count_;
  boost::fibers::mutex lock_;
  boost::fibers::condition_variable_any changed_;
  bool has_ended_ = false;
  std::vector<std::thread> others_;
};

}  // namespace compare
