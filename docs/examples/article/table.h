// What the demo shows: a line while each program runs, and the table at the end.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "finding.h"

namespace article {

// On stderr, so that stdout holds the table alone. nullptr wipes the line away.
void show_progress(const char* program);

// On stdout, 96 columns. A terminal gets some emphasis; nothing is said by colour only.
void print_table(const std::vector<finding>& findings);

}  // namespace article
