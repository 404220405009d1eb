// A lock that is held for a few instructions: one exchange to take it, one store to give it back.
//
// Who finds it taken spins, and then gives the core away until it is free; so it suits what is locked by every spawn and
// contended by few. Any thread; not recursive. Meets the requirements of a Lockable.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/backoff.h"

namespace weft::inline WEFT_ABI::rt {

#if WEFT_MODEL
using spin_lock = mutex;  // to a model, a lock is a lock
#else

class spin_lock {
 public:
  spin_lock() = default;
  spin_lock(const spin_lock&) = delete;
  spin_lock& operator=(const spin_lock&) = delete;

  void lock() noexcept {
    if (!try_lock()) [[unlikely]]
      wait_and_lock();
  }
  [[nodiscard]] bool try_lock() noexcept {
    // A look first, so that those who wait do not take the cache line from each other.
    return !is_held_.load(std::memory_order_relaxed) && !is_held_.exchange(true, std::memory_order_acquire);
  }
  void unlock() noexcept { is_held_.store(false, std::memory_order_release); }

 private:
  WEFT_COLD void wait_and_lock() noexcept {
    for (backoff pause; !try_lock();) pause.pause();
  }

  // Written by whoever takes it and by whoever has it.
  atomic<bool> is_held_{false};
};

#endif

}  // namespace weft::inline WEFT_ABI::rt
