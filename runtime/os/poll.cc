#include "weft/rt/os/poll.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <ctime>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::os {
namespace {

// Written by whoever is refused first, read before every wait. Relaxed: it publishes nothing, and a thread
// that does not see it yet is refused itself.
constinit atomic<bool> kernel_refuses_pwait2{false};

int pwait2(int epoll, epoll_event* events, int capacity, std::int64_t timeout_ns) noexcept {
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  std::timespec timeout{};
  timeout.tv_sec = static_cast<std::time_t>(timeout_ns / ns_per_second);
  timeout.tv_nsec = static_cast<long>(timeout_ns % ns_per_second);
  const std::timespec* limit = timeout_ns < 0 ? nullptr : &timeout;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)
  return ::epoll_pwait2(epoll, events, capacity, limit, nullptr);
#elif defined(SYS_epoll_pwait2)
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait2, epoll, events, capacity, limit, nullptr, std::size_t{_NSIG / 8}));
#else
  static_cast<void>(epoll), static_cast<void>(events), static_cast<void>(capacity), static_cast<void>(limit);
  errno = ENOSYS;
  return -1;
#endif
}

std::error_code control(int epoll, int operation, int descriptor, std::uint32_t events,
                        std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return uninterrupted([&] { return ::epoll_ctl(epoll, operation, descriptor, &event); }).error();
}

}  // namespace

result<fd> epoll_create() noexcept {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) return result<fd>::failed(errno);
  return fd(descriptor);
}

std::error_code epoll_add(int epoll, int descriptor, std::uint32_t events, std::uint64_t token) noexcept {
  return control(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}

std::error_code epoll_mod(int epoll, int descriptor, std::uint32_t events, std::uint64_t token) noexcept {
  return control(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}

std::error_code epoll_del(int epoll, int descriptor) noexcept {
  return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

io_result epoll_wait(int epoll, std::span<epoll_event> events, std::int64_t timeout_ns) noexcept {
  WEFT_DCHECK(!events.empty(), "epoll_wait needs room for at least one event");
  const int capacity = static_cast<int>(std::min<std::size_t>(events.size(), INT_MAX / sizeof(epoll_event)));
  // Zero and for ever mean the same in both calls; the older one is known to every kernel and tool.
  bool asks_in_ms = timeout_ns <= 0 || kernel_refuses_pwait2.load(std::memory_order_relaxed);
  int count = -1;
  if (!asks_in_ms) {
    count = pwait2(epoll, events.data(), capacity, timeout_ns);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
      kernel_refuses_pwait2.store(true, std::memory_order_relaxed);
      asks_in_ms = true;
    }
  }
  if (asks_in_ms) count = ::epoll_wait(epoll, events.data(), capacity, timeout_in_ms(timeout_ns));
  if (count >= 0) return {count};
  return errno == EINTR ? io_result{0} : io_result::failed(errno);
}

}  // namespace weft::inline WEFT_ABI::rt::os
