#include "weft/detail/spawned.h"

#include <string_view>
#include <utility>

namespace weft::inline WEFT_ABI::detail {

void report_unhandled(const rt::engine::reporter& reporter, const spawn_mark& mark,
                      const std::source_location& where, std::exception_ptr error) noexcept {
  reporter({.name = mark.name().empty() ? std::string_view(where.function_name()) : mark.name(),
            .where = where,
            .error = std::move(error),
            .spawned_at = mark.where()});
}

}  // namespace weft::inline WEFT_ABI::detail
