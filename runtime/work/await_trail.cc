#include "weft/rt/work/await_trail.h"

#include <algorithm>

#include "weft/rt/work/coroutine_name.h"

namespace weft::inline WEFT_ABI::rt {

await_places await_trail::kept() const noexcept {
  await_places places;
  const std::size_t inside = std::min(length_, inner_.size());
  const std::size_t outside = std::min(length_ - inside, outer_.size());
  places.left_out = length_ - inside - outside;
  for (std::size_t i = 0; i < inside; ++i) places.at[places.size++] = inner_[i];
  for (std::size_t i = length_ - outside; i < length_; ++i)
    places.at[places.size++] = outer_[i % outer_.size()];
  return places;
}

void write_places(std::span<const std::source_location> innermost_first, std::size_t left_out,
                  std::string_view indent, std::string& text) {
  for (std::size_t i = innermost_first.size(); i-- > 0;) {
    text += indent;
    text += place_in_coroutine(innermost_first[i]);
    text += '\n';
    if (left_out == 0 || i != await_places::innermost) continue;
    text += indent;
    text += "... " + std::to_string(left_out) + " more frames ...\n";
  }
}

}  // namespace weft::inline WEFT_ABI::rt
