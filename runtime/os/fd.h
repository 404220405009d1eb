// The sole owner of a file descriptor.
//
// For every room above, and for api/. Not thread-safe: `reset` while another thread is inside a system call
// on the same number hands that call a stranger's descriptor; the reactor sees to it (see reactor/).
//
// Invariant: a descriptor has one owner, and is closed once. Closing keeps errno.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt::os {

class [[nodiscard]] fd {
 public:
  fd() noexcept = default;
  explicit fd(int descriptor) noexcept : descriptor_(descriptor) {}

  fd(fd&& other) noexcept : descriptor_(other.release()) {}
  fd& operator=(fd&& other) noexcept {
    reset(other.release());
    return *this;
  }

  ~fd() {
    if (descriptor_ >= 0) reset();
  }

  // Minus one when nothing is owned.
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }

  // Gives the descriptor to the caller, who closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

  // Closes what is owned, then owns `descriptor`. What close() answers is dropped: on Linux the number is
  // free again even after EINTR, and a second try could close what another thread has just opened.
  void reset(int descriptor = -1) noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace weft::inline WEFT_ABI::rt::os
