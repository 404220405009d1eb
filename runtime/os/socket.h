// Socket calls as plain functions: one call each, that never waits and never raises a signal.
//
// For the reactor's backends, which decide what to do when a call would block. Any thread; the caller sees to
// it that the descriptor stays open during the call.
//
// Invariant: every descriptor made here is non-blocking and close-on-exec; no send raises SIGPIPE; EINTR is
// never seen.
//
// Surprising: a count of zero from `recv` is the end of the stream, but an empty buffer counts zero as well.
// A count below the size asked for is usual in both directions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "weft/rt/base/config.h"
#include "weft/rt/os/address.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt::os {

result<fd> open_stream(address_family family) noexcept;

// Port zero: the kernel chooses; ask local_address. `reuse_address` lets a restarted server take the port of
// its dead connections; `reuse_port` lets several listeners share a port.
result<fd> bind_and_listen(const address& where, int backlog, bool reuse_address = true,
                           bool reuse_port = false) noexcept;

// A connection, and whose it is where the caller asks. One that died in the queue is skipped. Out of
// descriptors or memory, the connection stays queued and the listener readable: whoever asks again at once
// spins.
result<fd> accept(int listener, address* peer = nullptr) noexcept;

// Zero: connected. would_block: wait until the socket is writable, then ask finish_connect.
[[nodiscard]] io_result start_connect(int descriptor, const address& peer) noexcept;

// How a connect that would block has ended. would_block: it has not, the wake-up was stale; wait again.
[[nodiscard]] io_result finish_connect(int descriptor) noexcept;

[[nodiscard]] io_result recv(int descriptor, std::span<std::byte> into) noexcept;
[[nodiscard]] io_result send(int descriptor, std::span<const std::byte> from) noexcept;

// At most 1024 pieces are looked at; the count says where to go on.
[[nodiscard]] io_result recv_vec(int descriptor, std::span<const iovec> into) noexcept;
[[nodiscard]] io_result send_vec(int descriptor, std::span<const iovec> from) noexcept;

enum class shutdown_side : std::uint8_t { receive, send, both };

[[nodiscard]] std::error_code shutdown(int descriptor, shutdown_side side) noexcept;

// Sends small pieces at once instead of gathering them (TCP_NODELAY).
[[nodiscard]] std::error_code set_no_delay(int descriptor, bool on) noexcept;

// Fail with EAFNOSUPPORT for what is neither IPv4 nor IPv6.
result<address> local_address(int descriptor) noexcept;
result<address> peer_address(int descriptor) noexcept;

struct fd_pair {
  fd first;
  fd second;
};

// Two connected stream sockets without an address.
result<fd_pair> pair() noexcept;

}  // namespace weft::inline WEFT_ABI::rt::os
