#include "weft/rt/os/alarm_fd.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::os {

result<alarm_fd> alarm_fd::create() noexcept {
  // The clock of os::now_ns(): std::chrono::steady_clock is CLOCK_MONOTONIC here.
  const int descriptor = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (descriptor < 0) return result<alarm_fd>::failed(errno);
  return alarm_fd(fd(descriptor));
}

void alarm_fd::set(std::int64_t due_ns) const noexcept {
  set_kernels(std::max<std::int64_t>(due_ns, 1));  // to the kernel, zero is never
}

void alarm_fd::take_back() const noexcept {
  set_kernels(0);
}

void alarm_fd::set_kernels(std::int64_t due_ns) const noexcept {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const itimerspec when{.it_interval = {},
                        .it_value = {.tv_sec = due_ns / ns_per_s, .tv_nsec = due_ns % ns_per_s}};
  const int failed = ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  WEFT_CHECK(failed == 0, "an alarm_fd is created before it is set");
}

}  // namespace weft::inline WEFT_ABI::rt::os
