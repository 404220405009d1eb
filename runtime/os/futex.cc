#include "weft/rt/os/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::os {
namespace {

static_assert(sizeof(atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel sees the bare word");
static_assert(atomic<std::uint32_t>::is_always_lock_free, "the kernel takes no lock of ours");
static_assert(sizeof(std::timespec::tv_sec) == 8, "SYS_futex takes 64-bit seconds");

}  // namespace

futex_answer futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected,
                        time_point deadline) noexcept {
  constexpr std::int64_t ns_per_second = 1'000'000'000;
  // The kernel refuses times before zero; they are as past as zero is.
  const std::int64_t deadline_ns = std::max<std::int64_t>(to_ns(deadline), 0);
  std::timespec until{};
  until.tv_sec = static_cast<std::time_t>(deadline_ns / ns_per_second);
  until.tv_nsec = static_cast<long>(deadline_ns % ns_per_second);
  const std::timespec* timeout = deadline == never ? nullptr : &until;
  for (;;) {
    // WAIT_BITSET rather than WAIT: its timeout is a point in time, so a retry after a signal is not longer.
    // SAFETY: the kernel reads the word as an aligned 32-bit integer, which is what the assertions above say.
    const long answer = ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, timeout,
                                  nullptr, FUTEX_BITSET_MATCH_ANY);
    if (answer == 0 || errno == EAGAIN) return futex_answer::may_have_changed;
    if (errno == ETIMEDOUT) return futex_answer::timed_out;
    WEFT_CHECK(errno == EINTR,
               "a futex word is readable memory of this process for as long as someone waits");
  }
}

int futex_wake(const atomic<std::uint32_t>& word, int count) noexcept {
  const long woken = ::syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, nullptr, nullptr, 0);
  return woken < 0 ? 0 : static_cast<int>(woken);  // EFAULT: the waiter has left and took its word along
}

}  // namespace weft::inline WEFT_ABI::rt::os
