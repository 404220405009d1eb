// What a coroutine leaves behind: nothing yet, a value, or an error.
//
// Alignment is at most 16, also for over-aligned values (these are placed by hand), because a promise must
// not be aligned more strictly: see "weft/rt/work/frame.h".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::detail {

enum class slot_state : std::uint8_t { empty, value, error };

template <class T>
class result_slot {
 public:
  result_slot() noexcept {}
  result_slot(const result_slot&) = delete;
  result_slot& operator=(const result_slot&) = delete;
  ~result_slot() {
    if (state_ == slot_state::value) std::destroy_at(&value());
    if (state_ == slot_state::error) std::destroy_at(&error());
  }

  [[nodiscard]] bool has_error() const noexcept { return state_ == slot_state::error; }

  template <class U>
  void set_value(U&& result) {
    ::new (place()) T(std::forward<U>(result));
    state_ = slot_state::value;
  }
  void set_error(std::exception_ptr thrown) noexcept {
    ::new (static_cast<void*>(bytes_)) std::exception_ptr(std::move(thrown));
    state_ = slot_state::error;
  }

  // Call once, when not empty: throws the error, or moves the value out.
  T take() {
    if (state_ == slot_state::error) [[unlikely]]
      std::rethrow_exception(error());
    WEFT_DCHECK(state_ == slot_state::value, "a task that has not ended has no result");
    return std::move(value());
  }
  [[nodiscard]] std::exception_ptr take_error() noexcept { return std::exchange(error(), nullptr); }

  // What `other` holds, if anything. A value whose move throws leaves that error.
  void take_over(result_slot& other) noexcept {
    if (other.state_ == slot_state::error) set_error(other.take_error());
    if (other.state_ != slot_state::value) return;
    WEFT_TRY {
      set_value(std::move(other.value()));
    }
    WEFT_CATCH_ALL {
      set_error(std::current_exception());
    }
  }

 private:
  static constexpr std::size_t largest_alignment = 16;
  static constexpr std::size_t slack = alignof(T) > largest_alignment ? alignof(T) - largest_alignment : 0;
  static constexpr std::size_t size = sizeof(T) + slack > sizeof(std::exception_ptr)
                                          ? sizeof(T) + slack
                                          : sizeof(std::exception_ptr);
  static constexpr std::size_t alignment = slack != 0 ? largest_alignment
                                           : alignof(T) > alignof(std::exception_ptr)
                                               ? alignof(T)
                                               : alignof(std::exception_ptr);

  void* place() noexcept {
    if constexpr (slack == 0) {
      return bytes_;
    } else {
      void* at = bytes_;
      std::size_t space = size;
      return std::align(alignof(T), sizeof(T), at, space);
    }
  }
  T& value() noexcept { return *std::launder(static_cast<T*>(place())); }
  std::exception_ptr& error() noexcept {
    return *std::launder(reinterpret_cast<std::exception_ptr*>(bytes_));
  }

  alignas(alignment) std::byte bytes_[size];
  slot_state state_ = slot_state::empty;
};

template <class T>
class result_slot<T&> {
 public:
  [[nodiscard]] bool has_error() const noexcept { return error_ != nullptr; }
  void set_value(T& result) noexcept { value_ = &result; }
  void set_error(std::exception_ptr thrown) noexcept { error_ = std::move(thrown); }
  T& take() {
    if (error_ != nullptr) [[unlikely]]
      std::rethrow_exception(error_);
    return *value_;
  }
  [[nodiscard]] std::exception_ptr take_error() noexcept { return std::exchange(error_, nullptr); }
  void take_over(result_slot& other) noexcept {
    value_ = other.value_;
    error_ = other.take_error();
  }

 private:
  T* value_ = nullptr;
  std::exception_ptr error_;
};

template <>
class result_slot<void> {
 public:
  [[nodiscard]] bool has_error() const noexcept { return error_ != nullptr; }
  void set_error(std::exception_ptr thrown) noexcept { error_ = std::move(thrown); }
  void take() {
    if (error_ != nullptr) [[unlikely]]
      std::rethrow_exception(error_);
  }
  [[nodiscard]] std::exception_ptr take_error() noexcept { return std::exchange(error_, nullptr); }
  void take_over(result_slot& other) noexcept { error_ = other.take_error(); }

 private:
  std::exception_ptr error_;
};

}  // namespace weft::inline WEFT_ABI::detail
