#include "weft/detail/spawned.h"

#include <string>
#include <string_view>
#include <utility>

#include "weft/rt/work/coroutine_name.h"
#include "weft/rt/work/error_stack.h"

namespace weft::inline WEFT_ABI::detail {

void report_unhandled(const rt::engine::reporter& reporter, const rt::scope& ended,
                      const std::source_location& where, std::exception_ptr error) noexcept {
  const rt::await_places places = rt::places_of(ended, error, where);
  const rt::spawn_mark* const mark = rt::mark_of(ended);
  std::string short_name;
  std::string_view name = where.function_name();
  if (mark != nullptr && !mark->name().empty()) {
    name = mark->name();
  } else {
    WEFT_TRY {
      name = short_name = rt::coroutine_name(name);
    }
    WEFT_CATCH_ALL {}  // no memory: as the compiler wrote it
  }
  reporter({.name = name,
            .where = where,
            .error = std::move(error),
            .spawned_at = mark != nullptr ? mark->where() : std::source_location(),
            .stack = places.all(),
            .left_out = places.left_out});
}

}  // namespace weft::inline WEFT_ABI::detail
