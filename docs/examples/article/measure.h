// Runs a program against the slow API, times it, and checks its answers and what the server counted.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "finding.h"
#include "programs.h"
#include "weft/weft.h"

namespace article {

struct expectation {
  std::chrono::milliseconds slowest;  // the slowest single call
  double times_that;                  // the whole program, as a multiple of it, if what can overlap does
  int requests;                       // calls made
  int most_in_flight;                 // at one time
};

struct program {
  const char* name;
  weft::task<answers> (*run)(http_session& api);
  expectation expected;
  std::string (*mistake_in)(const answers& all);  // empty: there is none
  const char* lesson;
};

// One program at a time: the server's counts are of all its clients.
weft::task<finding> measure(const program& subject, http_session& api);

// What is wrong with the answers; empty: nothing.
std::string three_in_order(const answers& all);
std::string three_in_any_order(const answers& all);
std::string fifty_in_order(const answers& all);
std::string settings_in_order(const answers& all);

}  // namespace article
