#include "weft/detail/promise.h"

#include "weft/rt/work/error_stack.h"
#include "weft/stop.h"

namespace weft::inline WEFT_ABI::detail {

bool promise_base::end_as_stopped_again() noexcept {
  if (!home().look_for_stop(rt::this_turn())) return false;
  try {
    throw;
  } catch (const stopped_error&) {
    end_as_stopped();
    return true;
  } catch (...) {
    return false;
  }
}

std::exception_ptr promise_base::noted_error() noexcept {
  std::exception_ptr error = std::current_exception();
  rt::note_error(*this, error);
  return error;
}

}  // namespace weft::inline WEFT_ABI::detail
