// What is found out about one program: a line of the table, and whatever turned out wrong.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace article {

struct finding {
  std::string program;
  std::chrono::duration<double, std::milli> took{0};
  std::chrono::duration<double, std::milli> slowest{0};  // its slowest single task: the yardstick
  std::string verdict;
  std::vector<std::string> wrong;  // counts and answers only, never times: those are the machine's affair

  void expect(bool holds, const std::string& otherwise) {
    if (!holds) wrong.push_back(program + ": " + otherwise);
  }
};

}  // namespace article
