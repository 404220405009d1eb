// Awaiting one operation on a descriptor.
//
// The operation is started once the coroutine is suspended, because it may be resumed on another worker
// before start() has returned. An operation that completes at once costs no more than its system call, until
// the turn's budget is spent: then the task lets its peers run first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>

#include "weft/detail/join.h"
#include "weft/outcome.h"
#include "weft/rt/engine.h"
#include "weft/rt/os/error.h"
#include "weft/rt/reactor/io_op.h"

namespace weft::inline WEFT_ABI::detail {

// Starts `op` for the coroutine suspended at `leaf`. False: it is done, go on.
[[nodiscard]] bool start_io(rt::io_op& op, rt::frame& leaf) noexcept;

[[noreturn]] void throw_io_error(std::error_code error, const char* what);

// `Finish` says what the result means: `value finish(std::int64_t result, std::error_code& failed)`, called
// when it is no error, may still set one; and `static constexpr const char* what` is for the exception.
template <class Finish, bool AsResult>
class io_awaiter {
  using value = decltype(std::declval<Finish&>()(std::int64_t{}, std::declval<std::error_code&>()));

 public:
  io_awaiter(rt::io_kind kind, rt::descriptor on, void* memory, std::size_t size, bool is_stream,
             Finish finish) noexcept
      : op_(kind, on, memory, size), finish_(std::move(finish)) {
    op_.short_means_drained = is_stream;
  }
  io_awaiter(const io_awaiter&) = delete;
  io_awaiter& operator=(const io_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    return start_io(op_, self.promise());
  }

  auto await_resume() {
    result<value> done = outcome();
    if constexpr (AsResult) {
      return done;
    } else {
      if (!done) [[unlikely]]
        throw_io_error(done.error(), Finish::what);
      if constexpr (!std::is_void_v<value>) return std::move(*done);
    }
  }

 private:
  [[nodiscard]] result<value> outcome() {
    if (op_.result < 0) return rt::os::to_error(static_cast<int>(-op_.result));
    std::error_code failed;
    if constexpr (std::is_void_v<value>) {
      finish_(op_.result, failed);
      return failed;
    } else {
      value done = finish_(op_.result, failed);
      if (failed) return failed;
      return done;
    }
  }

  rt::io_op op_;
  Finish finish_;
};

// What a socket's functions return: co_await it, or hand it to as_result().
template <class Finish>
class [[nodiscard("the operation does nothing until it is awaited")]] io_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;

  io_operation(rt::io_kind kind, rt::descriptor on, void* memory, std::size_t size, bool is_stream,
               Finish finish) noexcept
      : on_(on),
        memory_(memory),
        size_(size),
        finish_(std::move(finish)),
        kind_(kind),
        is_stream_(is_stream) {}

  [[nodiscard]] auto into_awaiter() && noexcept {
    return io_awaiter<Finish, false>(kind_, on_, memory_, size_, is_stream_, std::move(finish_));
  }
  [[nodiscard]] auto into_result_awaiter() && noexcept {
    return io_awaiter<Finish, true>(kind_, on_, memory_, size_, is_stream_, std::move(finish_));
  }

 private:
  rt::descriptor on_;
  void* memory_;
  std::size_t size_;
  Finish finish_;
  rt::io_kind kind_;
  bool is_stream_;
};

[[nodiscard]] bool is_open(rt::descriptor asked) noexcept;

// Closes a descriptor; operations that wait on it end with std::errc::operation_canceled.
void close_descriptor(rt::descriptor closing) noexcept;

}  // namespace weft::inline WEFT_ABI::detail
