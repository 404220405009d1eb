// SPDX-License-Identifier: Apache-2.0
#include "parallel_grep_walk.h"

#include <algorithm>
#include <utility>

namespace parallel_grep {

namespace fs = std::filesystem;

tree_walk::tree_walk(const std::vector<std::string>& paths) {
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    ahead_.push_back({*path, fs::file_type::unknown});
  }
}

std::vector<candidate> tree_walk::next(std::size_t at_most) {
  std::vector<candidate> found;
  while (!ahead_.empty() && found.size() < at_most) {
    step here = std::move(ahead_.back());
    ahead_.pop_back();

    std::error_code problem;
    if (here.type == fs::file_type::unknown) {  // asked for by name: links are followed, and it must be there
      here.type = fs::status(here.path, problem).type();
      const bool is_wanted = here.type == fs::file_type::regular || here.type == fs::file_type::directory;
      if (!problem && !is_wanted) problem = std::make_error_code(std::errc::not_supported);
    }
    if (!problem && here.type == fs::file_type::directory) enter(here.path, problem);
    if (problem || here.type == fs::file_type::regular) found.push_back({here.path.string(), problem});
  }
  return found;
}

void tree_walk::enter(const fs::path& directory, std::error_code& problem) {
  const std::size_t before = ahead_.size();
  fs::directory_iterator entry(directory, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    std::error_code is_gone;
    const fs::file_type type = entry->symlink_status(is_gone).type();
    const bool is_wanted = type == fs::file_type::regular || type == fs::file_type::directory;
    if (is_wanted) ahead_.push_back({entry->path(), type});
  }
  const auto first = ahead_.begin() + static_cast<std::ptrdiff_t>(before);
  std::sort(first, ahead_.end(),
            [](const step& a, const step& b) { return a.path.native() > b.path.native(); });
}

}  // namespace parallel_grep
