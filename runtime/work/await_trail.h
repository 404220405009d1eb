// The awaits of a chain that may be long, from the inside out: the first few and the last few are kept,
// those between are only counted.
//
// For the async stack of an error (error_stack.h) and for reports of live tasks (task_tree.h). A value: no
// locks, no memory of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// The innermost await first. Of a long chain the middle is left out: after the first `innermost`.
struct await_places {
  static constexpr std::size_t innermost = 16, outermost = 16;

  [[nodiscard]] std::span<const std::source_location> all() const noexcept { return {at.data(), size}; }

  std::array<std::source_location, innermost + outermost> at{};
  std::size_t size = 0;
  std::size_t left_out = 0;
};

class await_trail {
 public:
  void clear() noexcept { length_ = 0; }
  // The await around those that were added before.
  void add(const std::source_location& place) noexcept {
    if (length_ < inner_.size()) inner_[length_] = place;
    outer_[length_ % outer_.size()] = place;
    ++length_;
  }

  [[nodiscard]] await_places kept() const noexcept;

 private:
  std::size_t length_ = 0;
  std::array<std::source_location, await_places::innermost> inner_{};
  std::array<std::source_location, await_places::outermost> outer_{};  // the last few: a ring
};

// Appends one line an await, the outermost first: `indent`, and "fetch(url) at client.cc:12". Throws
// std::bad_alloc.
void write_places(std::span<const std::source_location> innermost_first, std::size_t left_out,
                  std::string_view indent, std::string& text);

}  // namespace weft::inline WEFT_ABI::rt
