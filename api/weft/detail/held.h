// A value on its way into a coroutine of ours.
//
// GCC 12 destroys a by-value coroutine parameter twice if its type is an aggregate, and a user's callable may
// be one. A class with a constructor is none.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::detail {

template <class T>
class held {
 public:
  explicit held(T&& value) : value_(std::move(value)) {}
  [[nodiscard]] T& operator*() noexcept { return value_; }

 private:
  T value_;
};

}  // namespace weft::inline WEFT_ABI::detail
