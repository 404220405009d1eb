// outbox: the lines on their way to one member. Whoever puts a line never waits; the member's writer does.
//
// Bounded: a member that reads too slowly to keep within `capacity` bytes loses what waits, is told so in one
// last line, and gets nothing more. So one slow reader costs the others nothing, and the server a known
// amount of memory. A line is shared by all the outboxes that it stands in.
//
// Thread safety: put() and close() from any thread; take() by one task at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "weft/weft.h"

namespace chat {

// With its newline.
using line = std::shared_ptr<const std::string>;

[[nodiscard]] line make_line(std::string text);

class outbox {
 public:
  explicit outbox(std::size_t capacity) : capacity_(capacity) {}

  // Ignored once it is closed.
  void put(const line& next);

  // The last line; what waits is sent before it. Only the first call counts.
  void close(const line& last);
  // Also by itself, because it was full.
  [[nodiscard]] bool is_closed();

  struct batch {
    std::string text;
    bool is_last;
  };
  // All that waits, as soon as there is something. After the last batch it is not called again.
  [[nodiscard]] weft::task<batch> take();

 private:
  void close_locked(const line& last);

  const std::size_t capacity_;
  weft::semaphore has_lines_{0};  // one permit from the first line (or the end) to the next take()
  std::mutex lock_;
  // All guarded by lock_.
  std::deque<line> lines_;
  std::size_t size_ = 0;  // bytes in lines_
  bool is_signalled_ = false;
  bool is_closed_ = false;
};

}  // namespace chat
