// Two ends of a TCP connection on this machine: both ours, or one a plain socket whose peer can misbehave.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weft/net/endpoint.h"
#include "weft/net/tcp_listener.h"
#include "weft/net/tcp_stream.h"
#include "weft/task.h"
#include "weft/when_all.h"

namespace weft::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline task<tcp_stream> accept_one(tcp_listener& from) {
  co_return co_await from.accept();
}

using connection = std::pair<tcp_stream, tcp_stream>;

// Both ends belong to the runtime of the caller.
inline task<connection> connect_loopback() {
  tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
  const endpoint at = listener.local_endpoint();
  auto ends = co_await when_all(tcp_stream::connect(at), accept_one(listener));
  co_return connection(std::move(std::get<0>(ends)), std::move(std::get<1>(ends)));
}

inline task<std::string> read_to_end(tcp_stream& from) {
  std::string all;
  std::byte piece[512];
  for (;;) {
    const std::size_t got = co_await from.read(piece);
    if (got == 0) break;
    all.append(reinterpret_cast<const char*>(piece), got);
  }
  co_return all;
}

// A blocking client socket without a runtime.
class plain_socket {
 public:
  explicit plain_socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }
  plain_socket(const plain_socket&) = delete;
  plain_socket& operator=(const plain_socket&) = delete;
  ~plain_socket() { close(); }

  void send(std::string_view text) const {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Dies without a word: the peer gets a reset in place of an end of stream.
  void reset() {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close();
  }

 private:
  int fd_;
};

}  // namespace weft::test
