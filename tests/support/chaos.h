// A test under chaos (WEFT_CHAOS_BUILD=1): calm, where a test claims an order that only an undisturbed schedule has.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/chaos.h"

namespace weft::test {

#if WEFT_CHAOS_BUILD
inline constexpr bool is_chaos = true;

// No point disturbs while it lives.
class calm {
 public:
  calm() noexcept : percent_(rt::chaos::percent()) { rt::chaos::set_percent(0); }
  calm(const calm&) = delete;
  calm& operator=(const calm&) = delete;
  ~calm() { rt::chaos::set_percent(percent_); }

 private:
  unsigned percent_;
};
#else
inline constexpr bool is_chaos = false;

class calm {
 public:
  calm() noexcept {}
  calm(const calm&) = delete;
  calm& operator=(const calm&) = delete;
};
#endif

}  // namespace weft::test
