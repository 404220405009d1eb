#include "weft/rt/os/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <climits>
#include <optional>

namespace weft::inline WEFT_ABI::rt::os {
namespace {

constexpr int stream_flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::error_code set_option(int descriptor, int level, int option, bool on) noexcept {
  const int value = on ? 1 : 0;
  return uninterrupted([&] { return ::setsockopt(descriptor, level, option, &value, sizeof value); }).error();
}

// getsockname and getpeername differ in nothing but whose name they ask for.
template <class Call>
result<address> ask_address(Call call) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* bytes = reinterpret_cast<sockaddr*>(&storage);
  const io_result asked = uninterrupted([&] { return call(bytes, &size); });
  if (asked.is_error()) return result<address>::failed(asked.error_number());
  const std::optional<address> known = address::from_sockaddr(bytes, size);
  if (!known) return result<address>::failed(EAFNOSUPPORT);
  return *known;
}

msghdr make_message(std::span<const iovec> pieces) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // the kernel reads the array and writes none of it
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), IOV_MAX);
  return message;
}

}  // namespace

result<fd> open_stream(address_family family) noexcept {
  const int domain = family == address_family::v4 ? AF_INET : AF_INET6;
  const io_result made = uninterrupted([&] { return ::socket(domain, stream_flags, 0); });
  if (made.is_error()) return result<fd>::failed(made.error_number());
  return fd(static_cast<int>(made.value));
}

result<fd> bind_and_listen(const address& where, int backlog, bool reuse_address, bool reuse_port) noexcept {
  result<fd> listener = open_stream(where.family());
  if (listener.is_error()) return listener;
  const int descriptor = listener.value().get();
  std::error_code error;
  if (reuse_address) error = set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, true);
  if (!error && reuse_port) error = set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, true);
  if (!error) {
    const auto size = static_cast<socklen_t>(where.size());
    error = uninterrupted([&] { return ::bind(descriptor, where.data(), size); }).error();
  }
  if (!error) error = uninterrupted([&] { return ::listen(descriptor, backlog); }).error();
  if (error) return result<fd>::failed(error.value());
  return listener;
}

result<fd> accept(int listener, address* peer) noexcept {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* bytes = reinterpret_cast<sockaddr*>(&storage);
    const io_result taken =
        uninterrupted([&] { return ::accept4(listener, bytes, &size, SOCK_NONBLOCK | SOCK_CLOEXEC); });
    if (!taken.is_error()) {
      if (peer != nullptr) *peer = address::from_sockaddr(bytes, size).value_or(address());
      return fd(static_cast<int>(taken.value));
    }
    // Errors of a connection, not of the listener. Each try takes one off the queue, so this ends.
    if (taken.error_number() != ECONNABORTED && taken.error_number() != EPROTO) {
      return result<fd>::failed(taken.error_number());
    }
  }
}

io_result start_connect(int descriptor, const address& peer) noexcept {
  bool was_interrupted = false;
  for (;;) {
    if (::connect(descriptor, peer.data(), static_cast<socklen_t>(peer.size())) == 0) return {0};
    switch (errno) {
      case EINTR:
        was_interrupted = true;  // the attempt may go on without us: the next answer then says so
        break;
      case EINPROGRESS:
        return io_result::failed(EAGAIN);
      case EALREADY:
        return io_result::failed(was_interrupted ? EAGAIN : EALREADY);
      case EISCONN:
        return was_interrupted ? io_result{0} : io_result::failed(EISCONN);
      case EAGAIN:
        // Not "wait": the kernel has run out of routes, and the socket would never become connected.
        return io_result::failed(ENOBUFS);
      default:
        return io_result::failed(errno);
    }
  }
}

io_result finish_connect(int descriptor) noexcept {
  int error_number = 0;
  socklen_t size = sizeof error_number;
  const io_result asked =
      uninterrupted([&] { return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error_number, &size); });
  if (asked.is_error()) return asked;
  if (error_number != 0) return io_result::failed(error_number);
  // No error yet is not a connection: epoll calls a socket writable before connect has even begun. Only a
  // connected one has a peer.
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  auto* bytes = reinterpret_cast<sockaddr*>(&peer);
  const io_result named = uninterrupted([&] { return ::getpeername(descriptor, bytes, &peer_size); });
  return named.error_number() == ENOTCONN ? io_result::failed(EAGAIN) : named;
}

io_result recv(int descriptor, std::span<std::byte> into) noexcept {
  return uninterrupted([&] { return ::recv(descriptor, into.data(), into.size(), 0); });
}

io_result send(int descriptor, std::span<const std::byte> from) noexcept {
  return uninterrupted([&] { return ::send(descriptor, from.data(), from.size(), MSG_NOSIGNAL); });
}

io_result recv_vec(int descriptor, std::span<const iovec> into) noexcept {
  msghdr message = make_message(into);
  return uninterrupted([&] { return ::recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC); });
}

io_result send_vec(int descriptor, std::span<const iovec> from) noexcept {
  const msghdr message = make_message(from);
  return uninterrupted([&] { return ::sendmsg(descriptor, &message, MSG_NOSIGNAL); });
}

std::error_code shutdown(int descriptor, shutdown_side side) noexcept {
  const int how = side == shutdown_side::receive ? SHUT_RD
                  : side == shutdown_side::send  ? SHUT_WR
                                                 : SHUT_RDWR;
  return uninterrupted([&] { return ::shutdown(descriptor, how); }).error();
}

std::error_code set_no_delay(int descriptor, bool on) noexcept {
  return set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, on);
}

result<address> local_address(int descriptor) noexcept {
  return ask_address(
      [=](sockaddr* bytes, socklen_t* size) { return ::getsockname(descriptor, bytes, size); });
}

result<address> peer_address(int descriptor) noexcept {
  return ask_address(
      [=](sockaddr* bytes, socklen_t* size) { return ::getpeername(descriptor, bytes, size); });
}

result<fd_pair> pair() noexcept {
  std::array<int, 2> ends{};
  const io_result made = uninterrupted([&] { return ::socketpair(AF_UNIX, stream_flags, 0, ends.data()); });
  if (made.is_error()) return result<fd_pair>::failed(made.error_number());
  return fd_pair{fd(ends[0]), fd(ends[1])};
}

}  // namespace weft::inline WEFT_ABI::rt::os
