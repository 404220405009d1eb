// Compile-time switches, in one place.
//
// Nothing here depends on NDEBUG or on a sanitizer: layout and inline bodies are the same in every build, so
// that a library and a program compiled apart agree. The three switches that do change code (WEFT_DEBUG,
// WEFT_CHAOS_BUILD, WEFT_MODEL) are part of the inline namespace: mixing two values fails to link.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "weft needs C++20. With Bazel add to your .bazelrc: build --cxxopt=-std=c++20 --host_cxxopt=-std=c++20"
#endif

#ifndef WEFT_DEBUG  // 1: WEFT_DCHECK is checked.
#define WEFT_DEBUG 0
#endif
#ifndef WEFT_CHAOS_BUILD  // 1: WEFT_CHAOS(point) disturbs (chaos.h).
#define WEFT_CHAOS_BUILD 0
#endif
#ifndef WEFT_MODEL  // 1: rt::atomic is the model checker's.
#define WEFT_MODEL 0
#endif

#define WEFT_ABI_NAME_(debug, chaos, model) v0_##debug##chaos##model
#define WEFT_ABI_NAME(debug, chaos, model) WEFT_ABI_NAME_(debug, chaos, model)
// Spelt `namespace weft::inline WEFT_ABI {` wherever a weft namespace is opened.
#define WEFT_ABI WEFT_ABI_NAME(WEFT_DEBUG, WEFT_CHAOS_BUILD, WEFT_MODEL)

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
// refuses every plain function that returns a task and is not marked, so the checks are the program's choice:
// `-include weft/lifetime_checks.h` (no change of layout or code).
#if defined(__clang__) && defined(WEFT_LIFETIME_CHECKS) && WEFT_LIFETIME_CHECKS
#define WEFT_CORO_TYPE [[clang::coro_return_type, clang::coro_lifetimebound]]
// A plain function that returns a task. The GNU spelling may also stand behind the parameters of a lambda.
#define WEFT_CORO_WRAPPER __attribute__((coro_wrapper))
// The same, where the task keeps its arguments and outlives the references that were passed.
#define WEFT_CORO_KEEPS __attribute__((coro_wrapper, coro_disable_lifetimebound))
// What is returned lives no longer than this parameter, or, behind a function, than its object.
#define WEFT_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define WEFT_CORO_TYPE
#define WEFT_CORO_WRAPPER
#define WEFT_CORO_KEEPS
#define WEFT_LIFETIMEBOUND
#endif

#define WEFT_NOINLINE [[gnu::noinline]]
#define WEFT_COLD [[gnu::cold, gnu::noinline]]
