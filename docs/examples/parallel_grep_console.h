// console: standard output and error, with a line of progress in between.
//
// Every function blocks, perhaps for long (a pipe whose reader sleeps): for spawn_blocking, from any threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <system_error>

namespace parallel_grep {

class console {
 public:
  // Throws std::system_error when standard output takes no more.
  void print(const std::string& text, const std::string& problem) {
    const std::lock_guard guard(lock_);
    erase_progress();
    const bool is_out =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!is_out) throw std::system_error(errno, std::generic_category(), "standard output");
    if (!problem.empty()) std::fprintf(stderr, "parallel_grep: %s\n", problem.c_str());
  }

  void show_progress(std::size_t done, std::size_t known, std::size_t matches) {
    const std::lock_guard guard(lock_);
    std::fprintf(stderr, "\r%zu of %zu files, matches: %zu\x1b[K", done, known, matches);
    has_progress_ = true;
  }
  // With the last numbers, which stay.
  void end_progress(std::size_t done, std::size_t known, std::size_t matches) {
    show_progress(done, known, matches);
    const std::lock_guard guard(lock_);
    std::fputc('\n', stderr);
    has_progress_ = false;
  }

 private:
  void erase_progress() {
    if (has_progress_) std::fputs("\r\x1b[K", stderr);
    has_progress_ = false;
  }

  std::mutex lock_;
  bool has_progress_ = false;  // guarded by lock_
};

}  // namespace parallel_grep
