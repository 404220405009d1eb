// tcp_stream: one TCP connection, IPv4 or IPv6.
//
//     weft::tcp_stream peer = co_await weft::tcp_stream::connect(weft::endpoint::loopback_v4(8080));
//     co_await peer.write_all(std::as_bytes(std::span(request)));
//     std::size_t n = co_await peer.read(buffer);                  // 0: the peer has closed its side
//
// Moved, never copied; closed when destroyed. Nagle's delay is off. SIGPIPE is never raised.
//
// Thread safety: one task reads while another writes; two operations in one direction at a time are refused
// (std::errc::device_or_resource_busy). close() from any task: operations that wait end with
// std::errc::operation_canceled, later ones with bad_file_descriptor. A stream is used by tasks of the
// runtime that it was made in (any other is refused, loudly), and does not outlive it.
// Errors: std::system_error; or as values by as_result(). End of stream is 0 bytes, not an error.
// Stop: every operation is a stop point. A stopped read loses nothing; a stopped write_all may have sent a
// part.
// Cost: no allocation; one system call when data or room is there.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "weft/detail/io_await.h"
#include "weft/net/endpoint.h"
#include "weft/outcome.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

namespace detail {

struct count_of_read {
  static constexpr const char* what = "weft::tcp_stream::read";
  std::size_t operator()(std::int64_t result, std::error_code&) const noexcept {
    return static_cast<std::size_t>(result);
  }
};
struct count_of_write {
  static constexpr const char* what = "weft::tcp_stream::write_some";
  std::size_t operator()(std::int64_t result, std::error_code&) const noexcept {
    return static_cast<std::size_t>(result);
  }
};

}  // namespace detail

class tcp_stream {
 public:
  // Not connected: every operation fails with bad_file_descriptor.
  tcp_stream() noexcept = default;
  tcp_stream(tcp_stream&& other) noexcept : on_(std::exchange(other.on_, {})) {}
  tcp_stream& operator=(tcp_stream&& other) noexcept {
    const rt::descriptor taken = std::exchange(other.on_, {});
    close();
    on_ = taken;
    return *this;
  }
  ~tcp_stream() { close(); }

  [[nodiscard]] static task<tcp_stream> connect(endpoint peer);

  // At least one byte, at most the buffer's size; 0 at the end of the stream (or for an empty buffer).
  [[nodiscard]] auto read(std::span<std::byte> into) noexcept {
    return detail::io_operation(rt::io_kind::recv, on_, into.data(), into.size(), true,
                                detail::count_of_read());
  }

  // At least one byte of them.
  [[nodiscard]] auto write_some(std::span<const std::byte> from) noexcept {
    // SAFETY: a send only reads its buffer; io_op has one pointer for both ways.
    return detail::io_operation(rt::io_kind::send, on_, const_cast<std::byte*>(from.data()), from.size(),
                                true, detail::count_of_write());
  }

  // All of them. What `from` refers to stays in place until the task has ended.
  [[nodiscard]] task<> write_all(std::span<const std::byte> from);

  // No more writes: the peer reads the end of the stream. Throws std::system_error.
  void shutdown_write();

  // Idempotent. Writes nothing of this object, so that it may be called while other tasks use it: the
  // descriptor itself knows.
  void close() noexcept { detail::close_descriptor(on_); }

  [[nodiscard]] bool is_open() const noexcept { return detail::is_open(on_); }
  // Throw std::system_error when not connected.
  [[nodiscard]] endpoint local_endpoint() const;
  [[nodiscard]] endpoint peer_endpoint() const;

  // For tcp_listener, and for descriptors that were made elsewhere: registered, a connected stream socket.
  explicit tcp_stream(rt::descriptor on) noexcept : on_(on) {}

 private:
  rt::descriptor on_;
};

}  // namespace weft::inline WEFT_ABI
