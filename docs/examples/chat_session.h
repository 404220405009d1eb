// session: one member's connection, from the welcome to the last line.
//
// Two tasks in a group, so that the end of one is the end of the other: a reader, which takes the member's
// lines and acts on them, and a writer, which sends what its outbox holds. When the reader ends it closes the
// outbox, and the writer sends what waits; when the writer ends, the reader is stopped, and the peer has a
// moment to read the last line and to close.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "chat_hall.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace chat {

struct limits {
  // A longer one is not taken.
  std::size_t line_size = 512;
  // Without a whole line for so long: goodbye.
  std::chrono::seconds idle = std::chrono::minutes(10);
  // What may wait for a member. A batch of at most the same size is being sent meanwhile.
  std::size_t outbox_size = 64 << 10;
  // A batch takes at most so long, and so does the peer's closing: for a peer that does nothing at all.
  std::chrono::seconds write = std::chrono::seconds(5);
};

// Ends when the connection does. `at` outlives it. No error leaves it but std::bad_alloc.
[[nodiscard]] weft::task<> attend(hall& at, limits within, weft::tcp_stream connection);

}  // namespace chat
