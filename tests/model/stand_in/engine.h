// An engine whose scheduler is a few lines, so that models can run real tasks: spawn, when_all, groups, primitives.
//
//     rt::engine home({.workers = 2});                 // two threads of the model, at once
//     auto handle = detail::spawn_on(home, body);
//     …
//     home.stop();                                     // also by the destructor
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/engine.h"
#include "weft/spawn.h"
#include "weft/task.h"
