// file_scan: one file's matches, from its content in pieces of any size.
//
// Plain code without a coroutine: the pieces may be handed in by any thread, one after the other.
//
// Invariant: between two pieces it holds the unfinished last line and the text that nobody has taken yet, and
// nothing else of the file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace parallel_grep {

enum class output { lines, count, name };

struct request {
  std::string pattern;
  bool is_regex = false;
  output what = output::lines;
};

// A longer one ends the search of its file with an error: a line has to be in memory in one piece.
inline constexpr std::size_t longest_line = 16 << 20;

class file_scan {
 public:
  // Throws std::invalid_argument for a pattern that cannot be meant. `asked` outlives the scan.
  file_scan(const request& asked, std::string path);

  // False: a line is too long, and the rest of the file is not looked at.
  [[nodiscard]] bool add(std::string_view piece);
  // After the last piece: the line that has no end, and the summary.
  void end();

  // Whether nothing that may come can change the output.
  [[nodiscard]] bool is_decided() const noexcept { return what_ == output::name && matches_ > 0; }
  [[nodiscard]] std::size_t matches() const noexcept { return matches_; }

  // What is ready for printing; whoever prints clears it.
  std::string text;

 private:
  void look_at(std::string_view line);

  const output what_;
  const std::string path_;
  const std::function<bool(std::string_view)> is_match_;
  std::string unfinished_;
  std::size_t lines_ = 0;
  std::size_t matches_ = 0;
};

}  // namespace parallel_grep
