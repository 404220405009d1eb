// std::invoke, for a callable that makes a task.
//
// Clang's lifetime checks refuse a plain function that returns a task, std::invoke among them, unless it is marked;
// the standard library's are not.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::detail {

// `object` is the object, a std::reference_wrapper of it, or anything that points to it.
template <class Member, class Object, class... Args>
WEFT_CORO_WRAPPER decltype(auto) call_member(Member function, Object&& object, Args&&... arguments) {
  if constexpr (requires { (std::forward<Object>(object).*function)(std::forward<Args>(arguments)...); }) {
    return (std::forward<Object>(object).*function)(std::forward<Args>(arguments)...);
  } else if constexpr (requires { (object.get().*function)(std::forward<Args>(arguments)...); }) {
    return (object.get().*function)(std::forward<Args>(arguments)...);
  } else {
    return ((*std::forward<Object>(object)).*function)(std::forward<Args>(arguments)...);
  }
}

template <class F, class... Args>
WEFT_CORO_WRAPPER std::invoke_result_t<F, Args...> call(F&& function, Args&&... arguments) {
  using callable = std::remove_cvref_t<F>;
  if constexpr (std::is_member_function_pointer_v<callable>) {
    return call_member(function, std::forward<Args>(arguments)...);
  } else if constexpr (std::is_member_object_pointer_v<callable>) {
    return std::invoke(function, std::forward<Args>(arguments)...);  // gives a reference, which needs no mark
  } else {
    return std::forward<F>(function)(std::forward<Args>(arguments)...);
  }
}

}  // namespace weft::inline WEFT_ABI::detail
