// One operation on a descriptor: what the awaiter of a socket call holds while it waits.
//
// The awaiter fills it, sets `waiter` and `leaf` once its coroutine is suspended, and calls
// `on.home->start(*this)`. When that answers `pending`, the coroutine is resumed later, on a worker, with
// `result` set; when it is stopped instead, its frame is destroyed and `result` never read.
//
// Invariant: what `buffer` points to stays in place until the coroutine is resumed or its frame is destroyed:
// it lives in that frame or above it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "weft/rt/reactor/descriptor.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {

enum class io_kind : std::uint8_t {
  recv,      // buffer: bytes; size: how many
  recv_vec,  // buffer: an array of iovec; size: how many
  send,      // as recv
  send_vec,  // as recv_vec
  accept,    // buffer: null, or an os::address for the peer's; result: the new descriptor
  connect,   // buffer: the os::address; result: 0
};

struct io_op : leaf_op {
  io_op(io_kind does, descriptor where, void* memory, std::size_t length) noexcept
      : leaf_op(not_started, nullptr), on(where), buffer(memory), size(length), kind(does) {}

  // The backend that starts it says what it is from then on.
  static constexpr leaf_kind not_started{"an operation that has not started", nullptr};

  [[nodiscard]] direction way() const noexcept {
    return kind == io_kind::recv || kind == io_kind::recv_vec || kind == io_kind::accept ? direction::read
                                                                                         : direction::write;
  }

  descriptor on;
  void* buffer;
  std::size_t size;
  // Final when the coroutine runs again: zero or more, or an error number below zero. -EBADF: the descriptor
  // was closed before; -ECANCELED: it was closed meanwhile; -EBUSY: another operation is at it in this
  // direction already.
  std::int64_t result = 0;
  frame* leaf = nullptr;  // the suspended frame
  io_kind kind;
  // The descriptor is a plain stream socket: a recv that fills less than the buffer has emptied the socket's
  // queue. Leave it false for anything else (a terminal, kernel TLS).
  bool short_means_drained = false;

  // For the backend. begun: a connect is under way. closed: taken out by close(); the record must not be
  // touched.
  bool is_begun = false;
  bool is_closed = false;
};

}  // namespace weft::inline WEFT_ABI::rt
