#include "weft/rt/work/shared_queue.h"

#include "weft/rt/base/atomic.h"

namespace weft::inline WEFT_ABI::rt {

std::size_t shared_queue::number_of_this_thread() noexcept {
  static atomic<std::size_t> numbered{0};
  // Only an even spread is wanted, so relaxed is enough.
  thread_local const std::size_t own = numbered.fetch_add(1, std::memory_order_relaxed);
  return own;
}

}  // namespace weft::inline WEFT_ABI::rt
