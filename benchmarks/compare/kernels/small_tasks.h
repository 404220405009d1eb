// spawn_join, spawn_join_1000, await_child, yield, ping_pong: tasks that do nothing, so that only their price is left.
//
// The benchmark's loop turns inside the scheduler, on its threads, so that entering it from outside does not count: that is
// foreign_post.
//
//   spawn_join       start a task that returns 1, wait for it; again and again: no two are alive at once
//   spawn_join_1000  start a thousand, wait for all of them
//   await_child      call an asynchronous function that returns 1 at once, and await it
//   yield            step aside, with nobody else there
//   ping_pong        two tasks hand one token to and fro; each waits while the other one has it
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace compare {

// Of one turn of the benchmark's loop.
inline constexpr std::uint64_t repeats_full = 10'000;
inline constexpr std::uint64_t repeats_tiny = 50;

inline constexpr std::uint64_t children_of_a_group = 1'000;

}  // namespace compare
