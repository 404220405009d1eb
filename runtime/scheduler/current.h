// This thread's turn: the worker that the calling thread is, if any.
//
// One thread-local pointer, initial-exec, defined in one .cc, so that several shared objects share one.
// Compilers may keep the address of a thread-local across a suspension, after which the coroutine can be on
// another thread (llvm-project#47179); so the pointer is read by an instruction they cannot see into.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

#if defined(__x86_64__) && defined(__ELF__)

// Threads that are not workers get a turn that caches nothing and is never written.
[[nodiscard]] inline turn& this_turn() noexcept {
  turn* now;
  // volatile: read anew at each call. No memory clobber: only the worker's loop writes the pointer.
  asm volatile("movq weft_current_turn@GOTTPOFF(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(now));
  return *now;
}

#elif defined(__aarch64__) && defined(__ELF__)

[[nodiscard]] inline turn& this_turn() noexcept {
  turn* now;
  void* thread;
  asm volatile(
      "mrs %1, tpidr_el0\n\t"
      "adrp %0, :gottprel:weft_current_turn\n\t"
      "ldr %0, [%0, #:gottprel_lo12:weft_current_turn]\n\t"
      "ldr %0, [%1, %0]"
      : "=&r"(now), "=&r"(thread));
  return *now;
}

#else

WEFT_NOINLINE turn& this_turn() noexcept;

#endif

// Makes `now` the calling thread's turn while it lives. A worker's loop enters one; so would a runtime that
// is driven from another loop.
class turn_guard {
 public:
  explicit turn_guard(turn& now) noexcept;
  turn_guard(const turn_guard&) = delete;
  turn_guard& operator=(const turn_guard&) = delete;
  ~turn_guard();

 private:
  turn* before_;
};

}  // namespace weft::inline WEFT_ABI::rt
