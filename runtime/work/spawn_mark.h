// What a spawned task is called, and where it was spawned: for errors and reports.
//
// Kept with every member of a roster. Invariant: set before the task is admitted, and not changed while it lives, so
// that a report may read it beside a task that runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

class spawn_mark {
 public:
  spawn_mark() noexcept = default;
  explicit spawn_mark(std::source_location where, std::unique_ptr<const std::string> name = nullptr) noexcept
      : name_(std::move(name)), where_(where) {}

  // Empty if it was given none.
  [[nodiscard]] const std::string& name() const noexcept {
    static const std::string none;
    return name_ != nullptr ? *name_ : none;
  }
  // Line 0 if it is not known.
  [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

 private:
  std::unique_ptr<const std::string> name_;
  std::source_location where_;
};

}  // namespace weft::inline WEFT_ABI::rt
