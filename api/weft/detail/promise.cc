#include "weft/detail/promise.h"

#include "weft/stop.h"

namespace weft::inline WEFT_ABI::detail {

bool promise_base::end_as_stopped_again() noexcept {
  if (!home().look_for_stop()) return false;
  try {
    throw;
  } catch (const stopped_error&) {
    end_as_stopped();
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace weft::inline WEFT_ABI::detail
