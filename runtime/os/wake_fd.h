// Interrupts a thread that waits in the kernel: a descriptor that becomes readable when someone signals it.
//
// For the reactor. `signal` from any thread, or from a signal handler; `drain` from the one who waits.
// Signals do not add up: any number of them before a drain are one.
//
// Invariant: the descriptor is readable exactly when a `signal` came after the last `drain`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "weft/rt/base/config.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt::os {

class wake_fd {
 public:
  // Owns nothing, until it is assigned from `create`.
  wake_fd() noexcept = default;

  // Fails where descriptors have run out.
  static result<wake_fd> create() noexcept;

  void signal() const noexcept;

  // Makes the descriptor unreadable. True if a signal had come.
  bool drain() const noexcept;

  // The descriptor to wait on, for reading.
  [[nodiscard]] int get() const noexcept { return event_.get(); }

 private:
  explicit wake_fd(fd event) noexcept : event_(std::move(event)) {}

  fd event_;
};

}  // namespace weft::inline WEFT_ABI::rt::os
