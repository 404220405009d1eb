#include "weft/rt/os/process_fence.h"

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "weft/rt/base/check.h"
#endif

namespace weft::inline WEFT_ABI::rt::os {

#if defined(__linux__)

namespace {

long membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0);
}

void fence_all_threads() noexcept {
  const long failed = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  WEFT_CHECK(failed == 0, "the kernel took back membarrier after it had granted it");
}

}  // namespace

fence_fn process_fence() noexcept {
  // Registered once for the process.
  static const bool is_granted = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
  return is_granted ? &fence_all_threads : nullptr;
}

#else

fence_fn process_fence() noexcept {
  return nullptr;
}

#endif

}  // namespace weft::inline WEFT_ABI::rt::os
