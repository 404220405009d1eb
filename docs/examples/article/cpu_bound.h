// A function that keeps a core busy: awaited on the worker, and awaited by compute(). Beside each runs a task
// that wants to tick once a millisecond, and how late it comes tells the two apart. The time taken does not.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "finding.h"

namespace article {

// Runs both in a runtime with a single worker, so that there is no other to carry the ticker: with n workers
// it takes n such functions at once to see the same. Blocks for about a second.
std::vector<finding> measure_cpu_bound();

}  // namespace article
