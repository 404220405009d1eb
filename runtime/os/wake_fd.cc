#include "weft/rt/os/wake_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::os {

result<wake_fd> wake_fd::create() noexcept {
  const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor < 0) return result<wake_fd>::failed(errno);
  return wake_fd(fd(descriptor));
}

void wake_fd::signal() const noexcept {
  const int saved = errno;  // a signal handler must not change it under the code that it interrupts
  const std::uint64_t one = 1;
  const io_result written = uninterrupted([&] { return ::write(event_.get(), &one, sizeof one); });
  // EAGAIN: the counter is full, so the descriptor is readable already.
  WEFT_CHECK(!written.is_error() || written.would_block(), "a wake_fd is created before it is signalled");
  errno = saved;
}

bool wake_fd::drain() const noexcept {
  std::uint64_t signals = 0;
  const io_result read = uninterrupted([&] { return ::read(event_.get(), &signals, sizeof signals); });
  WEFT_CHECK(!read.is_error() || read.would_block(), "a wake_fd is created before it is drained");
  return !read.is_error();
}

}  // namespace weft::inline WEFT_ABI::rt::os
