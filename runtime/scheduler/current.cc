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

turn_guard::turn_guard(turn& now) noexcept : before_(weft_current_turn) {
  weft_current_turn = &now;
}
turn_guard::~turn_guard() {
  weft_current_turn = before_;
}

}  // namespace weft::inline WEFT_ABI::rt
