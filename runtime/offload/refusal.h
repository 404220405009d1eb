// Why a pool does not take a call, as a std::error_code. (No thread to be had is the system's own code.)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>
#include <type_traits>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

enum class offload_refusal : int {
  shut_down = 1,   // compares equal to std::errc::operation_canceled
  queue_full = 2,  // compares equal to std::errc::resource_unavailable_try_again
};

[[nodiscard]] std::error_code make_error_code(offload_refusal why) noexcept;

}  // namespace weft::inline WEFT_ABI::rt

template <>
struct std::is_error_code_enum<weft::rt::offload_refusal> : std::true_type {};
