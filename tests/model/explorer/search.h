// Ways through a model's executions: all within bounds, or random ones.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/model/model.h"

namespace weft::inline WEFT_ABI::model {

struct finding {
  bool has_failed = false;
  bool is_complete = false;  // of an exhaustive search: nothing within the bounds is left
  std::uint64_t executions = 0;
  std::string why;
  std::string path;  // replays it
  std::vector<std::string> trace;
};

// All executions within `within`, depth first, until one fails.
finding search_all(const model_case& one, const bounds& within);
// As many random ones as `within` says, from `seed` on.
finding search_randomly(const model_case& one, const bounds& within, std::uint64_t seed);
// One execution, with its trace.
finding replay(const model_case& one, const bounds& within, const std::string& path);

}  // namespace weft::inline WEFT_ABI::model
