// result<T>: a value or a std::error_code, for those who do not want the world's failures as exceptions.
//
//     auto got = co_await weft::as_result(socket.read(buffer));
//     if (!got) return got.error();
//     use(*got);
//
// as_result() takes what names it in its header (every socket operation). Nothing is thrown on the way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <system_error>
#include <utility>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI {

template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_(std::move(value)) {}              // NOLINT: a value is a result
  result(std::error_code error) noexcept : error_(error) {}  // NOLINT: so is an error

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  // The default error code (no error) if there is a value.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

  // Throws std::system_error if there is no value.
  T& value() & {
    if (!value_) WEFT_THROW(std::system_error(error_));
    return *value_;
  }
  T&& value() && {
    if (!value_) WEFT_THROW(std::system_error(error_));
    return std::move(*value_);
  }

  // The caller has checked.
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return std::move(*value_); }
  T* operator->() noexcept { return &*value_; }

 private:
  std::optional<T> value_;
  std::error_code error_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  result() noexcept = default;
  result(std::error_code error) noexcept : error_(error) {}  // NOLINT: an error is a result

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  void value() const {
    if (error_) WEFT_THROW(std::system_error(error_));
  }

 private:
  std::error_code error_;
};

// An operation whose failure is a value.
template <class Operation>
class [[nodiscard("the operation does nothing until it is awaited")]] result_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit result_operation(Operation operation) noexcept : operation_(std::move(operation)) {}
  [[nodiscard]] auto into_awaiter() && noexcept { return std::move(operation_).into_result_awaiter(); }

 private:
  Operation operation_;
};

template <class Operation>
  requires requires(Operation operation) { std::move(operation).into_result_awaiter(); }
[[nodiscard]] result_operation<Operation> as_result(Operation operation) noexcept {
  return result_operation<Operation>(std::move(operation));
}

}  // namespace weft::inline WEFT_ABI
