// error_group: what is thrown when several tasks that belong together have failed.
//
//     catch (const weft::error_group& several) {
//       std::fputs(several.what(), stderr);
//       for (const weft::child_error& each : several.errors()) …
//     }
//
// what() tells of each its name, its text, where it was spawned, and its async stack as runtime::dump() writes one:
//
//     weft: 2 tasks of a group failed
//       fetch 3: connection refused
//         spawned at pages.cc:40
//         fetch(url) at client.cc:31
//         connect(endpoint) at client.cc:12
//       …
//
// One error is never wrapped: it is thrown as itself.
//
// Thread safety: a plain value; each std::exception_ptr may be rethrown anywhere.
// Cost: a stack is collected while an error leaves its frames, in about 500 bytes a task that has seen one, until that
// task has ended; a task without an error pays nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
  // The awaits through which the error came, the innermost first and `where` last: those of the child, and of the joins,
  // groups and handles that it was awaiting when they threw. It begins where the exception was thrown by `throw`; an error
  // that was caught on the way and thrown again (`throw;`, std::rethrow_exception) goes on with its stack. The innermost
  // 16 and the outermost 16: between them `left_out` are missing. `where` alone if there was no memory for it.
  std::vector<std::source_location> stack = {};
  std::size_t left_out = 0;
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
