// Replaces operator new of the test that includes it: counts, and refuses when it is told to. In one file of a
// program only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace weft::test {

inline std::atomic<std::size_t> allocations = 0;
inline std::atomic<std::size_t> allocated_bytes = 0;
inline thread_local int until_refusal = 0;  // 1: this thread's next one is refused; 0: none is

}  // namespace weft::test

// All forms but those with an alignment: AddressSanitizer has its own for each that is missing, and a block
// must go back by the door through which it came.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (weft::test::until_refusal > 0 && --weft::test::until_refusal == 0) return nullptr;
  weft::test::allocations.fetch_add(1, std::memory_order_relaxed);
  weft::test::allocated_bytes.fetch_add(size, std::memory_order_relaxed);
  return std::malloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}
void* operator new(std::size_t size) {
  if (void* const block = operator new(size, std::nothrow)) return block;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  std::free(block);
}
