// The clients of a server, each with its connection and the time by which it must have got on.
//
// A conversation says with each step how long the next one may take; before the first, it has all the time
// there is. That costs one store, and no timer is set or cancelled: one task looks at all clients
// (close_overdue), at least once a second, and closes what is overdue. Whatever waits on that connection then
// ends with std::errc::operation_canceled. So a limit is never enforced early; one of a second or more is
// enforced on time, a shorter one up to a second late.
//
// Thread safety: a client belongs to its conversation; client_list to any thread. The lock is held for one
// look at each client, and never across a co_await.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace serving {

using clock = std::chrono::steady_clock;

class client_list;

class client {
 public:
  client(weft::tcp_stream connection, const client_list& of) : stream(std::move(connection)), of_(of) {
    busy_until(clock::time_point::max());
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  weft::tcp_stream stream;

  // The client has something in hand: the connection is closed at that time, and not before.
  void busy_until(clock::time_point due) noexcept { set(due, 0); }
  // The client has nothing in hand: a server that stops closes the connection at once.
  void idle_until(clock::time_point due) noexcept { set(due, idle_bit); }

  // What is in hand is to be the last.
  [[nodiscard]] bool server_is_stopping() const noexcept;

 private:
  friend client_list;
  // In the lowest bit of the nanoseconds: both are then written and read as one.
  static constexpr std::int64_t idle_bit = 1;

  void set(clock::time_point due, std::int64_t idle) noexcept {
    const std::int64_t count =
        std::chrono::duration_cast<std::chrono::nanoseconds>(due.time_since_epoch()).count();
    // Relaxed: it hands over nothing else, and whoever looks will look again.
    due_.store((count & ~idle_bit) | idle, std::memory_order_relaxed);
  }
  [[nodiscard]] clock::time_point due() const noexcept {
    return clock::time_point(std::chrono::nanoseconds(due_.load(std::memory_order_relaxed)));
  }
  [[nodiscard]] bool is_idle() const noexcept {
    return (due_.load(std::memory_order_relaxed) & idle_bit) != 0;
  }
  void close() noexcept;

  const client_list& of_;
  std::atomic<std::int64_t> due_{0};
};

class client_list {
 public:
  // In the list for as long as this lives; the connection is closed at its end.
  class entry {
   public:
    entry(client_list& in, weft::tcp_stream connection);
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    [[nodiscard]] client& peer() const noexcept { return *place_; }

   private:
    client_list& in_;
    std::list<client>::iterator place_;
  };

  // Closes what is overdue, again and again, until it is stopped. Sleeps while there is no client.
  weft::task<> close_overdue();

  void close_idle();
  [[nodiscard]] std::size_t size() const;

  void begin_stop() noexcept { is_stopping_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_stopping() const noexcept { return is_stopping_.load(std::memory_order_relaxed); }

 private:
  // When to look next; nothing while there are no clients.
  std::optional<clock::time_point> close_overdue_at(clock::time_point now);

  mutable std::mutex guard_;
  std::list<client> clients_;  // guarded
  bool is_watched_ = false;    // guarded: close_overdue() is about to look, or sleeps until it does
  weft::semaphore to_watch_{0};
  std::atomic<bool> is_stopping_{false};
};

inline bool client::server_is_stopping() const noexcept {
  return of_.is_stopping();
}

}  // namespace serving
