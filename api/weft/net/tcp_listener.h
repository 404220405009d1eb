// tcp_listener: accepts TCP connections.
//
//     auto listener = weft::tcp_listener::bind(weft::endpoint::loopback_v4(8080));
//     for (;;) group.spawn(serve, co_await listener.accept());
//
// bind() is called by a task, or is given the runtime. Accepted connections are dealt round the runtime's
// reactors.
//
// Thread safety: one task accepts at a time; close() from any task ends a waiting accept with
// std::errc::operation_canceled.
// Errors: std::system_error (address_in_use, permission_denied, too_many_files_open, …); accept() also by
// as_result().
// Stop: accept() is a stop point; no connection is lost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "weft/detail/io_await.h"
#include "weft/net/endpoint.h"
#include "weft/net/tcp_stream.h"

namespace weft::inline WEFT_ABI {

class runtime;

namespace detail {

class accepted_stream {
 public:
  static constexpr const char* what = "weft::tcp_listener::accept";
  explicit accepted_stream(rt::engine* home) noexcept : home_(home) {}
  // Registers the new descriptor, if there is room for it.
  tcp_stream operator()(std::int64_t descriptor, std::error_code& failed) const noexcept;

 private:
  rt::engine* home_;
};

}  // namespace detail

class tcp_listener {
 public:
  static constexpr int default_backlog = 4096;

  // Not bound: every operation fails with bad_file_descriptor.
  tcp_listener() noexcept = default;
  tcp_listener(tcp_listener&& other) noexcept : on_(std::exchange(other.on_, {})), home_(other.home_) {}
  tcp_listener& operator=(tcp_listener&& other) noexcept {
    const rt::descriptor taken = std::exchange(other.on_, {});
    close();
    on_ = taken;
    home_ = other.home_;
    return *this;
  }
  ~tcp_listener() { close(); }

  // Port 0 takes a free one: see local_endpoint(). A port in TIME_WAIT is reused; one with a listener is an
  // error.
  [[nodiscard]] static tcp_listener bind(const endpoint& at, int backlog = default_backlog);
  [[nodiscard]] static tcp_listener bind(runtime& on, const endpoint& at, int backlog = default_backlog);

  [[nodiscard]] auto accept() noexcept {
    return detail::io_operation(rt::io_kind::accept, on_, nullptr, 0, false, detail::accepted_stream(home_));
  }

  // Throws std::system_error when not bound.
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] bool is_open() const noexcept { return detail::is_open(on_); }
  // Idempotent.
  void close() noexcept { detail::close_descriptor(on_); }

 private:
  tcp_listener(rt::descriptor on, rt::engine& home) noexcept : on_(on), home_(&home) {}
  static tcp_listener bind_on(rt::engine& home, const endpoint& at, int backlog);

  rt::descriptor on_;
  rt::engine* home_ = nullptr;
};

}  // namespace weft::inline WEFT_ABI
