// Compile-time switches, in one place.
//
// Nothing here depends on NDEBUG or on a sanitizer: layout and inline bodies are the same in every build, so
// that a library and a program compiled apart agree. The three switches that do change code (WEFT_DEBUG,
// WEFT_CHAOS, WEFT_MODEL) are part of the inline namespace: mixing two values fails to link.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "weft needs C++20. With Bazel add to your .bazelrc: build --cxxopt=-std=c++20 --host_cxxopt=-std=c++20"
#endif

#ifndef WEFT_DEBUG  // 1: WEFT_DCHECK is checked.
#define WEFT_DEBUG 0
#endif
#ifndef WEFT_CHAOS  // 1: seeded perturbation of schedules.
#define WEFT_CHAOS 0
#endif
#ifndef WEFT_MODEL  // 1: rt::atomic is the model checker's.
#define WEFT_MODEL 0
#endif

#define WEFT_ABI_NAME_(debug, chaos, model) v0_##debug##chaos##model
#define WEFT_ABI_NAME(debug, chaos, model) WEFT_ABI_NAME_(debug, chaos, model)
// Spelt `namespace weft::inline WEFT_ABI {` wherever a weft namespace is opened.
#define WEFT_ABI WEFT_ABI_NAME(WEFT_DEBUG, WEFT_CHAOS, WEFT_MODEL)

namespace weft::inline WEFT_ABI::rt {

// Where an error cannot be thrown: prints it as it stands in the source, and aborts.
[[noreturn]] void cannot_throw(const char* error) noexcept;

}  // namespace weft::inline WEFT_ABI::rt

// Exceptions are optional for our users, so the keywords stand here alone. Without them, an error that has no
// other way to travel ends the process with words (see docs/decisions/0005-exceptions.md).
#if defined(__cpp_exceptions)
#define WEFT_TRY try
#define WEFT_CATCH_ALL catch (...)
#define WEFT_THROW(...) throw __VA_ARGS__
#else
#define WEFT_TRY if constexpr (true)
#define WEFT_CATCH_ALL else
#define WEFT_THROW(...) (static_cast<void>(__VA_ARGS__), ::weft::rt::cannot_throw(#__VA_ARGS__))
#endif

// Clang can refuse a coroutine whose captures or reference parameters die before it ends. It then also
// refuses every plain function that returns a task, std::function<task<>()> included, so the checks are the
// program's choice: -DWEFT_LIFETIME_CHECKS=1 (no change of layout or code).
#if defined(__clang__) && defined(WEFT_LIFETIME_CHECKS) && WEFT_LIFETIME_CHECKS
#define WEFT_CORO_TYPE [[clang::coro_return_type, clang::coro_lifetimebound]]
#else
#define WEFT_CORO_TYPE
#endif

// A plain function that returns a task that is safe beyond its own parameters.
#if defined(__clang__)
#define WEFT_CORO_WRAPPER [[clang::coro_wrapper]]
#else
#define WEFT_CORO_WRAPPER
#endif

#define WEFT_NOINLINE [[gnu::noinline]]
#define WEFT_COLD [[gnu::cold, gnu::noinline]]
