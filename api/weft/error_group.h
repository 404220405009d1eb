// error_group: what is thrown when several tasks that belong together have failed.
//
//     catch (const weft::error_group& several) {
//       std::fputs(several.what(), stderr);
//       for (const weft::child_error& each : several.errors()) …
//     }
//
// One error is never wrapped: it is thrown as itself.
//
// Thread safety: a plain value; each std::exception_ptr may be rethrown anywhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI {

struct child_error {
  std::exception_ptr error;
  std::source_location where;       // the child's coroutine, at the await where it stood last
  std::string name;                 // what named() called it, or empty
  std::source_location spawned_at;  // line 0: not known; see weft/named.h
};

// Several children failed. Copies share what they hold, so that copying does not throw.
class error_group : public std::exception {
 public:
  explicit error_group(std::vector<child_error> errors);
  // How many, and each one's name, text and places.
  [[nodiscard]] const char* what() const noexcept override { return held_->text.c_str(); }
  // In the order in which they came.
  [[nodiscard]] const std::vector<child_error>& errors() const noexcept { return held_->errors; }

 private:
  struct contents {
    std::vector<child_error> errors;
    std::string text;
  };
  std::shared_ptr<const contents> held_;
};

}  // namespace weft::inline WEFT_ABI
