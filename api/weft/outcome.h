// result<T> and outcome<T>: how something ended, as a value.
//
//     auto got = co_await weft::as_result(socket.read(buffer));          // a value or a std::error_code
//     if (!got) return got.error();
//     use(*got);
//
//     weft::outcome<page> end = co_await weft::as_outcome(fetch(url));   // a value, an error, or stopped
//     if (end.is_stopped()) …
//
// result is for those who do not want the world's failures as exceptions: as_result() takes what names it in
// its header (every socket operation), and nothing is thrown on the way. outcome tells all ways in which a
// task can end; "weft/as_outcome.h" and "weft/when_all_settled.h" make them.
//
// Thread safety: as a plain value's. Neither allocates.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "weft/detail/kept_value.h"
#include "weft/rt/base/check.h"
#include "weft/stop.h"

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

// How a task ended. T may be void, a value (move-only too) or a reference.
//
// Copyable if T is. Reading the value of an outcome that has none throws: the task's own exception, or
// stopped_error.
template <class T = void>
class [[nodiscard]] outcome {
  using kept = detail::kept_value<T>;
  using lvalue = std::add_lvalue_reference_t<T>;
  using const_lvalue = std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<const T>>;
  using rvalue = std::add_rvalue_reference_t<T>;

 public:
  using value_type = T;

  // Ended with a value, made from the arguments: none for void, the object for a reference.
  template <class... Args>
    requires std::constructible_from<kept, Args...>
  explicit outcome(std::in_place_t, Args&&... arguments)
      : end_(std::in_place_index<1>, std::forward<Args>(arguments)...) {}
  // Ended with an exception, which is not null.
  [[nodiscard]] static outcome failed(std::exception_ptr thrown) noexcept {
    return outcome(ending(std::in_place_index<2>, std::move(thrown)));
  }
  // Unwound by a stop, before its end.
  [[nodiscard]] static outcome stopped() noexcept { return outcome(ending(std::in_place_index<0>)); }

  // One of these three holds.
  [[nodiscard]] bool has_value() const noexcept { return end_.index() == 1; }
  [[nodiscard]] bool has_error() const noexcept { return end_.index() == 2; }
  [[nodiscard]] bool is_stopped() const noexcept { return end_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  // Null unless has_error().
  [[nodiscard]] std::exception_ptr error() const noexcept {
    const std::exception_ptr* const thrown = std::get_if<2>(&end_);
    return thrown != nullptr ? *thrown : nullptr;
  }

  lvalue value() & {
    demand_value();
    return **this;
  }
  const_lvalue value() const& {
    demand_value();
    return **this;
  }
  rvalue value() && {
    demand_value();
    return *std::move(*this);
  }

  // The caller has checked has_value().
  lvalue operator*() & noexcept {
    if constexpr (!std::is_void_v<T>) return *std::get_if<1>(&end_);
  }
  const_lvalue operator*() const& noexcept {
    if constexpr (!std::is_void_v<T>) return *std::get_if<1>(&end_);
  }
  rvalue operator*() && noexcept {
    if constexpr (!std::is_void_v<T>) return static_cast<rvalue>(*std::get_if<1>(&end_));
  }
  auto operator->() noexcept
    requires(!std::is_void_v<T>)
  {
    return std::addressof(**this);
  }
  auto operator->() const noexcept
    requires(!std::is_void_v<T>)
  {
    return std::addressof(**this);
  }

 private:
  struct unwound {};
  using ending = std::variant<unwound, kept, std::exception_ptr>;

  explicit outcome(ending end) noexcept : end_(std::move(end)) {}

  void demand_value() const {
    if (has_value()) return;
    if (has_error()) std::rethrow_exception(error());
    WEFT_THROW(stopped_error());
  }

  ending end_;
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
