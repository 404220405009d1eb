// Lifetime checks at compile time, by Clang 19: a task that would outlive a capture of its lambda or a temporary that
// a parameter of its refers to is refused.
//
//     clang++ -include weft/lifetime_checks.h …        // an option of the compiler, not a line of a file
//
// It comes before every other header, because Clang refuses a plain function that returns a task unless it is marked,
// and the standard library's are marked here: std::function<task<>()>, std::invoke, std::views::transform. A function
// of yours that picks one of two coroutines carries WEFT_CORO_WRAPPER, behind the parameters if it is a lambda:
//
//     WEFT_CORO_WRAPPER weft::task<> serve(socket s) { return s.is_plain() ? plain(std::move(s)) : secure(std::move(s)); }
//     auto serve_one = [&](socket s) WEFT_CORO_WRAPPER -> weft::task<> { return serve(std::move(s)); };
//
// Another library's headers are marked the same way as the standard's below.
//
// Files with and without the checks may be mixed: neither layout nor code changes. Other compilers see nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__cplusplus) && defined(__clang__)

#ifndef WEFT_LIFETIME_CHECKS
#define WEFT_LIFETIME_CHECKS 1
#endif

#pragma clang attribute push(__attribute__((coro_wrapper)), apply_to = function)
#include <algorithm>
#include <any>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>
#pragma clang attribute pop

#endif
