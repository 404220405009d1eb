// Readiness of descriptors, as Linux tells it: epoll, call by call.
//
// For reactor/epoll_backend.cc alone; nobody else includes it, as it brings a platform header along. Any
// thread may call any of these on one epoll descriptor.
//
// Surprising: a signal makes `epoll_wait` return no events rather than wait again, because the caller asks
// the clock anyway. Timeouts are late by the thread's timer slack (50 us unless set), and by up to a
// millisecond where the kernel lacks epoll_pwait2 (before 5.11) or a container's filter forbids it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>
#include <system_error>

#include "weft/rt/base/config.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt::os {

inline constexpr std::int64_t no_timeout = -1;

result<fd> epoll_create() noexcept;

// `events` are EPOLLIN and its kin; `token` comes back through token_of.
[[nodiscard]] std::error_code epoll_add(int epoll, int descriptor, std::uint32_t events,
                                        std::uint64_t token) noexcept;
[[nodiscard]] std::error_code epoll_mod(int epoll, int descriptor, std::uint32_t events,
                                        std::uint64_t token) noexcept;

// Events that were harvested before this call, by any thread, may still carry the token.
[[nodiscard]] std::error_code epoll_del(int epoll, int descriptor) noexcept;

// By value: on x86-64 an epoll_event is packed, and no reference to its token is aligned.
[[nodiscard]] inline std::uint64_t token_of(const epoll_event& event) noexcept {
  return event.data.u64;
}

// Waits for events, at most `timeout_ns` (zero: only looks; below zero: for ever), and says how many of
// `events`, which is not empty, it wrote. Zero after the timeout or a signal.
[[nodiscard]] io_result epoll_wait(int epoll, std::span<epoll_event> events,
                                   std::int64_t timeout_ns) noexcept;

// The timeout for kernels that count milliseconds: rounded up, so that nobody wakes early and spins, and cut
// at what an int holds (24 days).
[[nodiscard]] constexpr int timeout_in_ms(std::int64_t timeout_ns) noexcept {
  constexpr std::int64_t ns_per_ms = 1'000'000;
  constexpr std::int64_t most = 0x7fffffff;
  if (timeout_ns < 0) return -1;
  const std::int64_t ms = timeout_ns / ns_per_ms + (timeout_ns % ns_per_ms != 0 ? 1 : 0);
  return static_cast<int>(ms < most ? ms : most);
}

}  // namespace weft::inline WEFT_ABI::rt::os
