// A stack of its own that can be left and entered again: the threads of a model, all on one thread of the system.
//
// Not thread-safe. A fiber may be dropped half-way: what stands on its stack is then never destroyed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

// ThreadSanitizer has nothing to see in threads that are stacks of one thread, and does not know of the switches.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_thread_sanitizer = true;
#else
inline constexpr bool under_thread_sanitizer = false;
#endif
#else
inline constexpr bool under_thread_sanitizer = false;
#endif

extern const bool under_address_sanitizer;

class fiber {
 public:
  using entry_fn = void (*)() noexcept;  // never returns: it switches away for good

  fiber() noexcept = default;  // the calling stack, once it has been switched away from
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;
  ~fiber();

  // The next switch to this fiber calls `entry` on a fresh stack.
  void prepare(entry_fn entry);

  // Leaves `from`, which is the running one, for this one. `from_is_over`: nobody will come back to it.
  void enter(fiber& from, bool from_is_over) noexcept;

 private:
  static void first_steps() noexcept;
  void arrived() noexcept;

  entry_fn entry_ = nullptr;
  void* memory_ = nullptr;  // mapped, with a page below that must not be touched
  void* top_ = nullptr;     // the saved stack pointer, or a ucontext
  void* fake_stack_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weft::inline WEFT_ABI::model
