// tree_walk: the files below some paths, in one order whatever the disk does, a batch at a time.
//
// In each directory by name, files and folders in one row, a folder's content where its name stands. What is
// neither a file nor a directory is passed over, as is a link that is found on the way; paths that were asked
// for are followed. In memory: the names of the directories on the way down, never the whole tree.
//
// Every function blocks: for spawn_blocking, one call at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace parallel_grep {

// A file to be searched, or what cannot be and why.
struct candidate {
  std::string path;
  std::error_code problem;
};

class tree_walk {
 public:
  explicit tree_walk(const std::vector<std::string>& paths);

  // The next ones, at most so many. None: that was all.
  std::vector<candidate> next(std::size_t at_most);

 private:
  // Also for a directory that ended early: `problem` says why, and what was read counts.
  void enter(const std::filesystem::path& directory, std::error_code& problem);

  struct step {
    std::filesystem::path path;
    std::filesystem::file_type type;
  };
  std::vector<step> ahead_;  // the next one last
};

}  // namespace parallel_grep
