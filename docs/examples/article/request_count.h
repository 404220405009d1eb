// How many requests a server has in hand: the witness that a client is as polite as it says.
//
// Safe from any thread.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>

namespace article {

class request_count {
 public:
  struct totals {
    int requests = 0;
    int most_in_flight = 0;
    int connections = 0;
  };

  // One request in flight, for as long as this lives: to the end of a scope, a stop included.
  class in_flight {
   public:
    explicit in_flight(request_count& count) : count_(count) {
      const std::lock_guard lock(count_.guard_);
      ++count_.totals_.requests;
      ++count_.now_;
      count_.totals_.most_in_flight = std::max(count_.totals_.most_in_flight, count_.now_);
    }
    ~in_flight() {
      const std::lock_guard lock(count_.guard_);
      --count_.now_;
    }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;

   private:
    request_count& count_;
  };

  void add_connection() {
    const std::lock_guard lock(guard_);
    ++totals_.connections;
  }

  totals read() const {
    const std::lock_guard lock(guard_);
    return totals_;
  }

  // Connections stay counted: they outlast the programs that are measured one by one.
  void reset() {
    const std::lock_guard lock(guard_);
    totals_.requests = 0;
    totals_.most_in_flight = now_;
  }

 private:
  // A plain mutex: it is held for a few additions and never across a co_await.
  mutable std::mutex guard_;
  totals totals_;
  int now_ = 0;
};

}  // namespace article
