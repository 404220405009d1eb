// The shared queue: jobs from threads that are not workers, and what overflows a worker's own queue.
//
// Any thread, any end. A lock is enough: workers look here once in many turns, or when they have nothing
// else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/atomic.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

class inject_queue {
 public:
  inject_queue() = default;
  inject_queue(const inject_queue&) = delete;
  inject_queue& operator=(const inject_queue&) = delete;

  void push(job& ready) noexcept;
  void push_all(job_list& ready) noexcept;

  // The oldest job, or null.
  [[nodiscard]] job* pop() noexcept;

  // A hint: exact for a thread that has synchronised with every pusher.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] bool empty() const noexcept { return size_.load(std::memory_order_acquire) == 0; }

 private:
  mutex lock_;
  job_list jobs_;  // guarded by lock_
  // Written under lock_, read without it, so that a look at an empty queue costs a load.
  atomic<std::size_t> size_{0};
};

}  // namespace weft::inline WEFT_ABI::rt
