#include "weft/rt/os/fd.h"

#include <unistd.h>

#include <cerrno>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::os {

void fd::reset(int descriptor) noexcept {
  const int closing = std::exchange(descriptor_, descriptor);
  if (closing < 0) return;
  const int saved = errno;
  [[maybe_unused]] const int answer = ::close(closing);
  WEFT_DCHECK(answer == 0 || errno != EBADF,
              "a descriptor has one owner; this one was closed by someone else");
  errno = saved;
}

}  // namespace weft::inline WEFT_ABI::rt::os
