// Spin a little, then give the core away: for words that another thread is about to change.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

#if WEFT_MODEL
#include "weft/rt/base/atomic.h"
#else
#include <thread>
#endif

namespace weft::inline WEFT_ABI::rt {

// Tells the core that we spin: saves power, and lets a hyper-thread sibling run.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

class backoff {
 public:
  void pause() noexcept {
    if (round_ < spin_rounds) {
      for (unsigned i = 0; i < (1u << round_); ++i) spin_pause();
      ++round_;
    } else {
#if WEFT_MODEL
      model::give_way();  // until another thread has written something
#else
      std::this_thread::yield();
#endif
    }
  }

 private:
  static constexpr unsigned spin_rounds = WEFT_MODEL ? 0 : 6;  // to a model, a pause is nothing
  unsigned round_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
