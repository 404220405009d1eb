// Plain data whose accesses Relacy checks for races; in the place of tests/model/explorer/plain.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>

#include "weft/model/atomic.h"

namespace weft::inline WEFT_ABI::model {

template <class T>
class plain {
 public:
  plain(place at = place::current()) : plain(T(), at) {}
  plain(T value, place at = place::current()) : made_at_(at), value_(value) {}
  plain& operator=(T value) {
    value_(spelled(made_at_)).store(value);
    return *this;
  }
  plain& operator++() { return *this = get() + 1; }
  operator T() const { return get(); }
  [[nodiscard]] T get() const { return value_(spelled(made_at_)).load(); }

 private:
  place made_at_;
  rl::var<T> value_;
};

}  // namespace weft::inline WEFT_ABI::model
