// Whether more of our threads want a core than there are cores: then nobody should spin.
//
// A worker that spins takes the core of a thread that computes, and what the worker waits for may come from
// just that thread. Counted are the workers that are awake, which the scheduler knows, and the functions of
// compute() that run, which are counted here. Not counted: oneTBB's own workers inside such functions (an
// observer of them lost memory now and then), other runtimes, other processes; they cost a spinner's 15 µs,
// no more.
//
// Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/padded.h"

namespace weft::inline WEFT_ABI::rt {

class core_load {
 public:
  explicit core_load(std::size_t cores) noexcept : cores_(cores) {}
  core_load(const core_load&) = delete;
  core_load& operator=(const core_load&) = delete;

  // A thread that is no worker begins to burn a core, and ends. Relaxed, all three: a hint that publishes
  // nothing.
  void begin() noexcept { computing_->fetch_add(1, std::memory_order_relaxed); }
  void end() noexcept { computing_->fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] bool is_crowded(std::size_t awake_workers) const noexcept {
    return awake_workers + computing_->load(std::memory_order_relaxed) > cores_;
  }

 private:
  const std::size_t cores_;
  // Written by the threads that run compute() functions, read by workers that are about to spin.
  padded<atomic<std::size_t>> computing_{std::size_t{0}};
};

}  // namespace weft::inline WEFT_ABI::rt
