// Sleep until a word changes; wake those who sleep on it.
//
// For parkers and for nothing that can wait as a coroutine. Any thread. The word is private to this process.
// The kernel compares and falls asleep in one step: a waker that first changes the word and then calls
// `futex_wake` is never missed.
//
// Invariant: these calls order nothing. What a waiter may read after it woke is published by the word itself:
// the waker stores with release, the waiter loads with acquire.
//
// Surprising: waking is a hint. Ask the word again after every return. And the waker may touch the word's
// address after the waiter has left; the kernel answers EFAULT if the memory is gone, or wakes a stranger
// whose word now lives there, who must bear it for the same reason.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/config.h"
#include "weft/rt/os/clock.h"

namespace weft::inline WEFT_ABI::rt::os {

enum class futex_answer : std::uint8_t {
  may_have_changed,  // woken, or the word was not `expected`, or for no reason at all
  timed_out,
};

// Sleeps while `word` is `expected`, at most until `deadline`. A signal does not end the sleep.
futex_answer futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected,
                        time_point deadline = never) noexcept;

inline constexpr int everyone = 0x7fffffff;

// Wakes at most `count` sleepers. Says how many it woke.
int futex_wake(const atomic<std::uint32_t>& word, int count) noexcept;

}  // namespace weft::inline WEFT_ABI::rt::os
