// A descriptor that becomes readable at a point in time: a timer of the kernel's, for a thread that waits there.
//
// Any thread may set it and take it back. It is never read: setting it makes it unreadable again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "weft/rt/base/config.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt::os {

class alarm_fd {
 public:
  // Owns nothing, until it is assigned from `create`.
  alarm_fd() noexcept = default;

  // Fails where descriptors have run out.
  static result<alarm_fd> create() noexcept;

  // `due_ns` by os::now_ns(); a time that is over is now. Takes the place of what was set before.
  void set(std::int64_t due_ns) const noexcept;
  void take_back() const noexcept;

  // The descriptor to wait on, for reading.
  [[nodiscard]] int get() const noexcept { return timer_.get(); }

 private:
  explicit alarm_fd(fd timer) noexcept : timer_(std::move(timer)) {}

  void set_kernels(std::int64_t due_ns) const noexcept;

  fd timer_;
};

}  // namespace weft::inline WEFT_ABI::rt::os
