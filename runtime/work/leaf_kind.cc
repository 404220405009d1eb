#include "weft/rt/work/leaf_kind.h"

#include <limits>

namespace weft::inline WEFT_ABI::rt {

void describe_deadline(std::int64_t due_ns, std::int64_t now_ns, std::string& text) {
  constexpr std::int64_t ns_in_ms = 1'000'000;
  if (due_ns == std::numeric_limits<std::int64_t>::max()) {
    text += "for ever";
  } else if (due_ns <= now_ns) {
    text += "due now";
  } else {
    text += "due in " + std::to_string((due_ns - now_ns + ns_in_ms - 1) / ns_in_ms) + " ms";
  }
}

}  // namespace weft::inline WEFT_ABI::rt
