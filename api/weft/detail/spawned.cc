#include "weft/detail/spawned.h"

#include <utility>

namespace weft::inline WEFT_ABI::detail {

void report_unhandled(const rt::engine::reporter& reporter, const std::source_location& where,
                      std::exception_ptr error) noexcept {
  reporter({.name = where.function_name(), .where = where, .error = std::move(error)});
}

}  // namespace weft::inline WEFT_ABI::detail
