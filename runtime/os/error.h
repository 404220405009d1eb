// What a system call answers, as plain values: a number, an error number, a std::error_code.
//
// For every room above, and for api/. Nothing here throws, and errno never leaves this folder: it is read
// once, right after the call, because the next call (a destructor's close, a log line) may overwrite it.
//
// Surprising: `would_block` is an error number too, so ask for it before `is_error`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt::os {

[[nodiscard]] inline std::error_code to_error(int error_number) noexcept {
  return {error_number, std::system_category()};
}

// The error of the system call that has just failed on this thread.
[[nodiscard]] inline std::error_code last_error() noexcept {
  return to_error(errno);
}

// True for "not now": wait until the descriptor is ready, then ask again.
[[nodiscard]] inline bool is_would_block(int error_number) noexcept {
  return error_number == EAGAIN || error_number == EWOULDBLOCK;
}

// What a call that moves bytes answers: a count, or an error number below zero, as the kernel spells it.
struct io_result {
  std::int64_t value = 0;

  [[nodiscard]] static io_result failed(int error_number) noexcept { return {-std::int64_t{error_number}}; }

  [[nodiscard]] bool is_error() const noexcept { return value < 0; }
  [[nodiscard]] bool would_block() const noexcept { return is_error() && is_would_block(error_number()); }

  // Zero unless is_error().
  [[nodiscard]] int error_number() const noexcept { return is_error() ? static_cast<int>(-value) : 0; }
  [[nodiscard]] std::error_code error() const noexcept { return to_error(error_number()); }

  // Zero if is_error().
  [[nodiscard]] std::size_t count() const noexcept {
    return is_error() ? 0 : static_cast<std::size_t>(value);
  }
};

// What a call that makes something answers: the thing, or an error number and an empty thing.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) noexcept : value_(std::move(value)) {}  // NOLINT: a value is a result

  [[nodiscard]] static result failed(int error_number) noexcept {
    result failure{T{}};
    failure.error_number_ = error_number;
    return failure;
  }

  [[nodiscard]] bool is_error() const noexcept { return error_number_ != 0; }
  [[nodiscard]] bool would_block() const noexcept { return is_would_block(error_number_); }
  [[nodiscard]] int error_number() const noexcept { return error_number_; }
  [[nodiscard]] std::error_code error() const noexcept { return to_error(error_number_); }

  // Empty, as a new T is, if is_error().
  [[nodiscard]] T& value() & noexcept { return value_; }
  [[nodiscard]] const T& value() const& noexcept { return value_; }
  [[nodiscard]] T&& value() && noexcept { return std::move(value_); }

 private:
  T value_;
  int error_number_ = 0;
};

// Calls until a signal does not cut in. Not for close (see fd.h) nor connect (see socket.cc).
template <class Call>
[[nodiscard]] io_result uninterrupted(Call call) noexcept {
  for (;;) {
    const std::int64_t value = call();
    if (value >= 0) return {value};
    if (errno != EINTR) return io_result::failed(errno);
  }
}

}  // namespace weft::inline WEFT_ABI::rt::os
