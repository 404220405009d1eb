// Places in a program as text: a coroutine's name as its author wrote it, from what a compiler says about a
// place inside it; where a task was spawned.
//
// GCC names the function that it made of the coroutine, and both write our inline namespace. Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>
#include <string>
#include <string_view>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

// `source_location::function_name()` without result type, inline and unnamed namespaces and GCC's frame type;
// long lists of parameters and template arguments become "...".
[[nodiscard]] std::string coroutine_name(std::string_view function_name);

// "fetch(url) at client.cc:12".
[[nodiscard]] std::string place_in_coroutine(const std::source_location& where);

// Appends the line "spawned at main.cc:12", behind `indent`; nothing if the place is not known.
void write_spawned_at(const std::source_location& where, std::string_view indent, std::string& text);

}  // namespace weft::inline WEFT_ABI::rt
