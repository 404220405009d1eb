// The shared queue of a runtime: what comes from outside, and what overflows a worker's own queue.
//
// Where there are many workers it has several parts, each with a lock of its own, so that many threads that hand jobs in
// do not wait for one lock. A thread always pushes to the same part: what one thread pushes comes out in its order, as
// far as one taker can tell. Takers begin with another part each time, so that none is served before the others.
//
// Any thread, any end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "weft/rt/base/padded.h"
#include "weft/rt/work/inject_queue.h"

namespace weft::inline WEFT_ABI::rt {

class shared_queue {
 public:
  static constexpr std::size_t workers_a_part = 4;
  static constexpr std::size_t most_parts = 16;

  // Of a runtime with so many workers.
  explicit shared_queue(std::size_t workers)
      : count_(std::clamp(workers / workers_a_part, std::size_t{1}, most_parts)),
        parts_(new padded<inject_queue>[count_]) {}

  void push(job& ready) noexcept { own()->push(ready); }
  void push_all(job_list& ready) noexcept { own()->push_all(ready); }

  // The oldest job of a part, or null when all are empty. `ticket` says with which part to begin: another one each time.
  [[nodiscard]] job* pop(std::uint32_t ticket) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (job* const found = parts_[(ticket + i) % count_]->pop()) return found;
    }
    return nullptr;
  }

  // Hints, as inject_queue's: exact for a thread that has synchronised with every pusher.
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t all = 0;
    for (std::size_t i = 0; i < count_; ++i) all += parts_[i]->size();
    return all;
  }
  [[nodiscard]] bool empty() const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!parts_[i]->empty()) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t parts() const noexcept { return count_; }

 private:
  // Threads are numbered as they come, so that they spread.
  [[nodiscard]] static std::size_t number_of_this_thread() noexcept;
  [[nodiscard]] padded<inject_queue>& own() noexcept {
    return parts_[count_ == 1 ? 0 : number_of_this_thread() % count_];
  }

  const std::size_t count_;
  const std::unique_ptr<padded<inject_queue>[]> parts_;
};

}  // namespace weft::inline WEFT_ABI::rt
