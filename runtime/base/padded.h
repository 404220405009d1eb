// A value on cache lines of its own, so that writers of its neighbours do not slow its readers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// Two lines: x86 prefetches lines in pairs, and Apple's cores have lines of 128 bytes.
inline constexpr std::size_t cache_line_pair = 128;

template <class T>
struct alignas(cache_line_pair) padded {
  T value;

  template <class... Args>
  explicit padded(Args&&... args) : value(std::forward<Args>(args)...) {}

  T* operator->() noexcept { return &value; }
  const T* operator->() const noexcept { return &value; }
  T& operator*() noexcept { return value; }
  const T& operator*() const noexcept { return value; }
};

}  // namespace weft::inline WEFT_ABI::rt
