// SPDX-License-Identifier: Apache-2.0
#include "parallel_grep_scan.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace parallel_grep {
namespace {

using matcher = std::function<bool(std::string_view)>;

matcher fixed_string(const std::string& wanted) {
  const std::boyer_moore_horspool_searcher search(wanted.begin(), wanted.end());
  return [search, nothing_wanted = wanted.empty()](std::string_view line) {
    return nothing_wanted || std::search(line.begin(), line.end(), search) != line.end();
  };
}

// POSIX's, as in grep.
// Refused: std::regex, whose stack grows with the length of the line.
matcher extended_regex(const std::string& wanted) {
  auto compiled = std::make_unique<regex_t>();
  if (const int wrong = ::regcomp(compiled.get(), wanted.c_str(), REG_EXTENDED | REG_NOSUB); wrong != 0) {
    std::array<char, 256> why{};
    ::regerror(wrong, compiled.get(), why.data(), why.size());
    throw std::invalid_argument(why.data());
  }
  const std::shared_ptr<regex_t> owned(compiled.release(), [](regex_t* old) {
    ::regfree(old);
    delete old;
  });
  return [owned, terminated = std::string()](std::string_view line) mutable {
    terminated = line;  // regexec wants a string of C; the bounds are for lines with a NUL byte
    regmatch_t bounds{.rm_so = 0, .rm_eo = static_cast<regoff_t>(terminated.size())};
    return ::regexec(owned.get(), terminated.c_str(), 1, &bounds, REG_STARTEND) == 0;
  };
}

// One for each file: an expression is locked by glibc while it is matched, and a shared one would let only
// one file be searched at a time.
matcher make_matcher(const request& asked) {
  if (asked.pattern.find('\n') != std::string::npos) throw std::invalid_argument("it is longer than a line");
  return asked.is_regex ? extended_regex(asked.pattern) : fixed_string(asked.pattern);
}

}  // namespace

file_scan::file_scan(const request& asked, std::string path)
    : what_(asked.what), path_(std::move(path)), is_match_(make_matcher(asked)) {}

bool file_scan::add(std::string_view piece) {
  for (;;) {
    const std::size_t line_end = piece.find('\n');
    const std::string_view line = piece.substr(0, line_end);
    if (unfinished_.size() + line.size() > longest_line) return false;
    if (line_end == std::string_view::npos) {
      unfinished_ += line;
      return true;
    }
    if (unfinished_.empty()) {
      look_at(line);
    } else {
      unfinished_ += line;
      look_at(unfinished_);
      unfinished_.clear();
    }
    piece.remove_prefix(line_end + 1);
  }
}

void file_scan::end() {
  if (!unfinished_.empty()) look_at(unfinished_);
  if (what_ == output::count) text = path_ + ':' + std::to_string(matches_) + '\n';
  if (what_ == output::name && matches_ > 0) text = path_ + '\n';
}

void file_scan::look_at(std::string_view line) {
  ++lines_;
  if (is_decided() || !is_match_(line)) return;
  ++matches_;
  if (what_ != output::lines) return;
  text.append(path_).append(":").append(std::to_string(lines_)).append(":").append(line).append("\n");
}

}  // namespace parallel_grep
