// How a result of any type is kept where there must be an object: void as std::monostate, a reference as
// std::reference_wrapper, anything else as it is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <type_traits>
#include <variant>

#include "weft/detail/result_slot.h"

namespace weft::inline WEFT_ABI::detail {

template <class T>
struct kept_as {
  using type = T;
};
template <>
struct kept_as<void> {
  using type = std::monostate;
};
template <class T>
struct kept_as<T&> {
  using type = std::reference_wrapper<T>;
};
template <class T>
using kept_value = typename kept_as<T>::type;

// In a tuple a reference may stand as it is.
template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// Throws the error, or gives the value. Call once.
template <class T>
value_or_monostate<T> take_result(result_slot<T>& from) {
  if constexpr (std::is_void_v<T>) {
    from.take();
    return {};
  } else {
    return from.take();
  }
}

}  // namespace weft::inline WEFT_ABI::detail
