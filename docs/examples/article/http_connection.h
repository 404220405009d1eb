// A TCP connection that carries HTTP/1.1 messages one after the other. Client and slow API both use it.
//
// For one coroutine at a time. After a read or a write that threw or was stopped, nobody knows where the next
// message begins: drop the connection. Neither copied nor moved: what is unread points into it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "http_message.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace article {

class http_connection {
 public:
  explicit http_connection(weft::tcp_stream stream) noexcept : stream_(std::move(stream)) {}
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  // Reads one whole message. False: the peer closed before its first byte, and that is how it ends well.
  weft::task<bool> read(http_message& message);

  weft::task<> write(std::string text);

 private:
  weft::tcp_stream stream_;
  std::array<std::byte, 4096> buffer_;
  std::span<const std::byte> unread_;  // in buffer_: arrived together with the message before
};

}  // namespace article
