#include "weft/runtime.h"

#include <stdexcept>

#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI::detail {

void check_may_block() {
  if (rt::this_turn().self != nullptr) {
    throw std::logic_error(
        "weft: block_on() and run() block the thread, and this one is a worker that other tasks need; "
        "co_await the task instead");
  }
}

}  // namespace weft::inline WEFT_ABI::detail
