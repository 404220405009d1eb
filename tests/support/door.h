// Holds tasks until the test opens it, without keeping a worker. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "tests/support/bounded_wait.h"
#include "weft/runtime.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/yield.h"

namespace weft::test {

class door {
 public:
  // Once open, it stays so.
  void open() { passes_.add_permits(1); }

  task<> pass() {
    reached_.fetch_add(1, std::memory_order_release);
    // Given back at once: the next one passes too.
    const semaphore_permit seen = co_await passes_.acquire();
  }

  // For the test's thread: so many tasks are about to wait, or wait.
  [[nodiscard]] bool is_reached(int by = 1) const {
    return eventually([&] { return reached_.load(std::memory_order_acquire) >= by; });
  }

 private:
  semaphore passes_{0};
  std::atomic<int> reached_{0};
};

// On a runtime with one worker: all that is ready now has run until it waited.
inline void let_all_wait(runtime& rt) {
  EXPECT_EQ(rt.worker_count(), 1u);
  for (int i = 0; i < 3; ++i) rt.block_on(yield_now());
}

}  // namespace weft::test
