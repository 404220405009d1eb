#include "weft/runtime.h"

#include <stdexcept>

#include "weft/rt/base/backoff.h"
#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI::detail {

void check_may_block() {
  if (rt::this_turn().self != nullptr) {
    throw std::logic_error(
        "weft: block_on() and run() block the thread, and this one is a worker that other tasks need; "
        "co_await the task instead");
  }
}

// After Karlin, Li, Manasse and Owicki, "Empirical studies of competitive spinning for a shared-memory multiprocessor"
// (SOSP 1991): who spins for as long as the sleep would cost loses at most as much again.
void spin_until(const rt::atomic<bool>& is_over, const rt::engine& that_works_on_it) noexcept {
  constexpr int looks = 200;
  constexpr int pauses = 8;  // together some 50 µs, as the sleep and two wake-ups across cores
  if (!that_works_on_it.has_core_to_spare()) return;
  for (int look = 0; look < looks; ++look) {
    if (is_over.load(std::memory_order_relaxed)) return;
    for (int pause = 0; pause < pauses; ++pause) rt::spin_pause();
  }
}

}  // namespace weft::inline WEFT_ABI::detail
