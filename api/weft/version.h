// SPDX-License-Identifier: Apache-2.0
// Which weft this is, and what it asks of the compiler. The other headers include it first of ours, so that a
// build without C++20 stops at one clear line instead of a hundred strange ones.

#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "weft needs C++20. With Bazel, add to your .bazelrc the line:  build --cxxopt=-std=c++20"
#endif

// Semantic versioning; before 1.0 a minor version may change the interface.
#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION "0.1.0"
