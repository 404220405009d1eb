#include "weft/model/choices.h"

#include "weft/model/heap.h"

namespace weft::inline WEFT_ABI::model {
namespace {

constexpr char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

}  // namespace

unsigned choices::choose(unsigned options, unsigned favour) noexcept {
  if (options <= 1) return 0;
  if (at_ < taken_.size()) {
    choice& known = taken_[at_++];
    if (known.options == 0) known.options = static_cast<std::uint8_t>(options);
    if (known.options != options || known.taken >= options) {
      is_consistent_ = false;
      return 0;
    }
    return known.taken;
  }
  unsigned taken = 0;
  if (random_ != 0 && random() % 16 >= favour) taken = static_cast<unsigned>(random() % options);
  const own_memory ours;
  taken_.push_back({static_cast<std::uint8_t>(taken), static_cast<std::uint8_t>(options)});
  ++at_;
  return taken;
}

bool choices::next() noexcept {
  taken_.resize(at_);  // what the last execution did not reach
  while (!taken_.empty()) {
    if (taken_.back().taken + 1u < taken_.back().options) {
      ++taken_.back().taken;
      return true;
    }
    taken_.pop_back();
  }
  return false;
}

void choices::prescribe(const std::string& text) {
  restart(0);
  for (const char each : text) {
    const std::string_view all(digits);
    const std::size_t value = all.find(each);
    taken_.push_back({static_cast<std::uint8_t>(value == all.npos ? 0 : value), 0});
  }
}

std::string choices::text() const {
  std::string text;
  for (std::size_t i = 0; i < at_ && i < taken_.size(); ++i) text += digits[taken_[i].taken % 36];
  const std::size_t last = text.find_last_not_of('0');
  text.resize(last == text.npos ? 0 : last + 1);
  return text.empty() ? "0" : text;
}

}  // namespace weft::inline WEFT_ABI::model
