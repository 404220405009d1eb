#include "weft/rt/offload/compute_arena.h"

// Decided by how the library is compiled, never by how the user's file is.
#if defined(__SANITIZE_THREAD__)
#define WEFT_COMPUTE_IN_TBB 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_COMPUTE_IN_TBB 0
#endif
#endif
#ifndef WEFT_COMPUTE_IN_TBB
#define WEFT_COMPUTE_IN_TBB 1
#endif

#if WEFT_COMPUTE_IN_TBB
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <cstddef>
#endif

namespace weft::inline WEFT_ABI::rt {

#if WEFT_COMPUTE_IN_TBB

struct compute_arena::tbb_arena {
  // Slots that oneTBB has no workers for are ours alone (at least one: it has one worker fewer than CPUs),
  // because asking it for more workers than it has prints a warning. The other slots are for whoever comes
  // first.
  [[nodiscard]] static unsigned slots_for_us(unsigned threads) {
    const std::size_t all = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
    const auto workers = static_cast<unsigned>(all > 1 ? all - 1 : 0);
    return threads > workers ? threads - workers : 1;
  }

  explicit tbb_arena(unsigned threads) : arena(static_cast<int>(threads), slots_for_us(threads)) {}

  tbb::task_arena arena;
};

void compute_arena::run(call& taken) noexcept {
  std::call_once(is_made_, [this] { made_ = std::make_unique<tbb_arena>(threads_); });
  made_->arena.execute([&taken]() noexcept { taken.invoke(taken); });
}

#else

struct compute_arena::tbb_arena {};

void compute_arena::run(call& taken) noexcept {
  taken.invoke(taken);
}

#endif

compute_arena::compute_arena(unsigned threads) noexcept : threads_(threads) {}
compute_arena::~compute_arena() = default;

}  // namespace weft::inline WEFT_ABI::rt
