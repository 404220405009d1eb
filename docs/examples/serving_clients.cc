// SPDX-License-Identifier: Apache-2.0
#include "serving_clients.h"

#include <algorithm>
#include <utility>

namespace serving {
namespace {

using namespace std::chrono_literals;

// A deadline that is set meanwhile may be nearer than all that were seen.
constexpr auto longest_sleep = 1s;

}  // namespace

void client::close() noexcept {
  stream.close();
  // It stays in the list until its conversation has ended, and is not to be found overdue again.
  busy_until(clock::time_point::max());
}

client_list::entry::entry(client_list& in, weft::tcp_stream connection) : in_(in) {
  std::list<client> entering;
  place_ = entering.emplace(entering.end(), std::move(connection), in);
  bool is_first = false;
  {
    const std::lock_guard lock(in.guard_);
    in.clients_.splice(in.clients_.end(), entering);
    is_first = !std::exchange(in.is_watched_, true);
  }
  if (is_first) in.to_watch_.add_permits(1);
}

client_list::entry::~entry() {
  std::list<client> leaving;  // closed when the lock is free again
  const std::lock_guard lock(in_.guard_);
  leaving.splice(leaving.end(), in_.clients_, place_);
}

weft::task<> client_list::close_overdue() {
  for (;;) {
    auto first_client = co_await to_watch_.acquire();
    first_client.forget();
    while (const auto next = close_overdue_at(clock::now())) co_await weft::sleep_until(*next);
  }
}

std::optional<clock::time_point> client_list::close_overdue_at(clock::time_point now) {
  const std::lock_guard lock(guard_);
  if (clients_.empty()) {
    is_watched_ = false;
    return std::nullopt;
  }
  auto next = now + longest_sleep;
  for (client& each : clients_) {
    const auto due = each.due();
    if (due <= now) {
      each.close();
    } else {
      next = std::min(next, due);
    }
  }
  return next;
}

void client_list::close_idle() {
  const std::lock_guard lock(guard_);
  for (client& each : clients_) {
    if (each.is_idle()) each.close();
  }
}

std::size_t client_list::size() const {
  const std::lock_guard lock(guard_);
  return clients_.size();
}

}  // namespace serving
