// Linux: one epoll descriptor, edge-triggered, each file registered once for both directions.
//
// The eventfd behind wake() is edge-triggered too, and never read: each write to it is an edge of its own.
// Writes are coalesced by a flag, which is cleared after the event was harvested and before the waiter looks
// for work. The timer behind wake_at() is edge-triggered and never read either; its event only ends the wait.
// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <system_error>
#include <utility>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/check.h"
#include "weft/rt/os/alarm_fd.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"
#include "weft/rt/os/poll.h"
#include "weft/rt/os/wake_fd.h"
#include "weft/rt/reactor/readiness.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::uint32_t watched_events =
    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | static_cast<std::uint32_t>(EPOLLET);

readiness_event translate(std::uint32_t events) noexcept {
  readiness_event what;
  what.may_read = (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  what.may_write = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  // Not EPOLLHUP: alone, it is what a TCP socket says before it is connected. A connection that ends says
  // RDHUP too.
  what.always_try = (events & (EPOLLRDHUP | EPOLLPRI | EPOLLERR)) != 0;
  return what;
}

class epoll_backend final : public readiness_backend {
 public:
  epoll_backend(os::fd epoll, os::wake_fd waker, os::alarm_fd alarm) noexcept
      : epoll_(std::move(epoll)), waker_(std::move(waker)), alarm_(std::move(alarm)) {}

  [[nodiscard]] std::error_code watch_own() noexcept {
    constexpr std::uint32_t edges = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
    if (const std::error_code error = os::epoll_add(epoll_.get(), waker_.get(), edges, foreign_token)) {
      return error;
    }
    return os::epoll_add(epoll_.get(), alarm_.get(), edges, alarm_token);
  }

  void wait(std::int64_t timeout_ns, job_list& ready) noexcept override {
    std::array<epoll_event, events_at_once> events;
    const os::io_result harvested = os::epoll_wait(epoll_.get(), events, timeout_ns);
    WEFT_CHECK(!harvested.is_error(), "epoll_wait failed: was a descriptor of ours closed by someone else?");
    for (const epoll_event& event : std::span(events.data(), harvested.count())) {
      if (event.data.u64 == foreign_token) {
        // Acquire pairs with wake(): what was done before it is seen by whoever waited here.
        is_signalled_.exchange(false, std::memory_order_acq_rel);
      } else if (event.data.u64 != alarm_token) {
        on_event(event.data.u64, translate(event.events), ready);
      }
    }
  }

  void wake() noexcept override {
    // Release pairs with wait(), even when the flag was set already: an exchange joins the ones before it.
    if (!is_signalled_.exchange(true, std::memory_order_acq_rel)) waker_.signal();
  }

  void wake_at(std::int64_t due_ns) noexcept override {
    if (due_ns == never) {
      alarm_.take_back();
    } else {
      alarm_.set(due_ns);
    }
  }

  [[nodiscard]] std::int64_t now_ns() const noexcept override { return os::now_ns(); }

 protected:
  [[nodiscard]] std::error_code watch(int file, std::uint64_t token) noexcept override {
    return os::epoll_add(epoll_.get(), file, watched_events, token);
  }
  void unwatch(int file) noexcept override {
    // Nothing can be done about an error, and close() follows.
    static_cast<void>(os::epoll_del(epoll_.get(), file));
  }

 private:
  static constexpr std::size_t events_at_once = 256;
  static constexpr std::uint64_t alarm_token = foreign_token - 1;  // no descriptor's either

  os::fd epoll_;
  os::wake_fd waker_;
  os::alarm_fd alarm_;
  // Set by wake(), cleared by wait(): the eventfd has an edge that was not harvested yet.
  atomic<bool> is_signalled_{false};
};

}  // namespace

std::error_code make_epoll_backend(std::unique_ptr<backend>& made) noexcept {
  os::result<os::fd> epoll = os::epoll_create();
  if (epoll.is_error()) return epoll.error();
  os::result<os::wake_fd> waker = os::wake_fd::create();
  if (waker.is_error()) return waker.error();
  os::result<os::alarm_fd> alarm = os::alarm_fd::create();
  if (alarm.is_error()) return alarm.error();
  std::unique_ptr<epoll_backend> fresh(new (std::nothrow) epoll_backend(
      std::move(epoll).value(), std::move(waker).value(), std::move(alarm).value()));
  if (fresh == nullptr) return os::to_error(ENOMEM);
  if (const std::error_code error = fresh->watch_own()) return error;
  made = std::move(fresh);
  return {};
}

}  // namespace weft::inline WEFT_ABI::rt
