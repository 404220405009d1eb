#include "weft/detail/unawaited.h"

#include <cstdio>
#include <exception>
#include <string>

#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/coroutine_name.h"

namespace weft::inline WEFT_ABI::detail {

void report_unawaited(const rt::frame& forgotten) noexcept {
  if (std::uncaught_exceptions() > 0 || rt::this_turn().is_unwinding) return;
  const std::string what = rt::place_in_coroutine(forgotten.site());
  std::fprintf(stderr, "weft: nobody awaited a task, and it never ran: %s\n", what.c_str());
}

}  // namespace weft::inline WEFT_ABI::detail
