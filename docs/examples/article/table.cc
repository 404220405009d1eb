// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace article {
namespace {

bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) != 0;
}

class emphasis {
 public:
  explicit emphasis(bool is_on) : is_on_(is_on) {}
  const char* bold() const { return is_on_ ? "\x1b[1m" : ""; }
  const char* red() const { return is_on_ ? "\x1b[1;31m" : ""; }
  const char* off() const { return is_on_ ? "\x1b[0m" : ""; }

 private:
  bool is_on_;
};

}  // namespace

void show_progress(const char* program) {
  if (is_terminal(stderr)) {
    std::fprintf(stderr, "\r\x1b[K");
    if (program != nullptr) std::fprintf(stderr, "running: %s ...", program);
  } else if (program != nullptr) {
    std::fprintf(stderr, "running: %s\n", program);
  }
  std::fflush(stderr);
}

void print_table(const std::vector<finding>& findings) {
  const emphasis with(is_terminal(stdout) && std::getenv("NO_COLOR") == nullptr);
  std::printf("%s%-29s %8s %10s  %s%s\n", with.bold(), "program", "time", "x slowest", "verdict", with.off());
  std::printf("%s\n", std::string(96, '-').c_str());
  for (const finding& found : findings) {
    std::printf("%-29s %5.0f ms %10.2f  ", found.program.c_str(), found.took.count(),
                found.took / found.slowest);
    if (found.wrong.empty()) {
      std::printf("%s\n", found.verdict.c_str());
    } else {
      std::printf("%sWRONG, see below%s\n", with.red(), with.off());
    }
  }
  for (const finding& found : findings) {
    for (const std::string& mistake : found.wrong) {
      std::printf("%sWRONG%s %s\n", with.red(), with.off(), mistake.c_str());
    }
  }
}

}  // namespace article
