#include "weft/rt/scheduler/current.h"

namespace {

constinit weft::rt::turn outsider;

}  // namespace

extern "C" {
// Named in the assembly of current.h.
[[gnu::tls_model("initial-exec"), gnu::used]] constinit thread_local weft::rt::turn* weft_current_turn =
    &outsider;
}

namespace weft::inline WEFT_ABI::rt {

#if !(defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__)))
turn& this_turn() noexcept {
  return *weft_current_turn;
}
#endif

// The barriers: this_turn() reads the pointer behind the compiler's back, so a store must not be moved or dropped.
turn_guard::turn_guard(turn& now) noexcept : before_(weft_current_turn) {
  weft_current_turn = &now;
  asm volatile("" ::: "memory");
}
turn_guard::~turn_guard() {
  weft_current_turn = before_;
  asm volatile("" ::: "memory");
}

}  // namespace weft::inline WEFT_ABI::rt
