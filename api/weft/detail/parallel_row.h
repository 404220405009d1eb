// parallel_invoke's functions: the first is called, the others are offered, the last one first.
//
// So the caller's own order is that of the arguments, and thieves take the last one first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "weft/detail/kept_value.h"
#include "weft/detail/parallel_fork.h"

namespace weft::inline WEFT_ABI::detail {

// Nothing for void; a reference is kept as a pointer.
template <class F>
using row_result = std::optional<kept_value<std::invoke_result_t<F&>>>;

template <class Result, class F>
void call_into(Result& result, F&& function) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
    function();
    result.emplace();
  } else {
    result.emplace(function());
  }
}

// Calls functions 0 to Last. They are passed one by one: GCC keeps a tuple of them in memory.
template <std::size_t Last, class Results, class... Fs>
void run_row(rt::turn& now, Results& results, Fs&... functions) {
  auto& own = std::get<Last>(std::tie(functions...));
  if constexpr (Last == 0) {
    call_into(std::get<Last>(results), own);
  } else {
    fork one(now, own);
    if (one.taken_while(now, [&] { run_row<Last - 1>(now, results, functions...); })) [[unlikely]] {
      call_into(std::get<Last>(results), [&one]() -> decltype(auto) { return one.take(); });
    } else {
      call_into(std::get<Last>(results), own);
    }
  }
}

}  // namespace weft::inline WEFT_ABI::detail
