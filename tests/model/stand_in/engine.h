// An engine whose scheduler is a few lines, so that models can run real tasks: spawn, when_all, groups, primitives.
//
//     rt::engine home(rt::engine_of(2));               // two threads of the model, at once
//     auto handle = detail::spawn_on(home, body);
//     …
//     rt::let_time_pass(home, 1000);                   // the clock stands still otherwise
//     home.stop();                                     // also by the destructor
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/engine.h"
#include "weft/spawn.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI::rt {

// Options of an engine with so many threads, to which an error that nobody takes is no mistake.
[[nodiscard]] options engine_of(unsigned workers);

// Moves the clock and expires the timers that are due, as a reactor does. One thread at a time.
void let_time_pass(engine& home, std::int64_t by_ns);

}  // namespace weft::inline WEFT_ABI::rt
