// What is said of a blocked worker, and to whom: names for a sighting (scheduler/watch.h), and the line on standard
// error by which a program hears of it that has not said otherwise.
//
// tell() and the printer are called by any worker, one at a time or several.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "weft/rt/base/atomic.h"
#include "weft/rt/options.h"
#include "weft/rt/scheduler/watch.h"

namespace weft::inline WEFT_ABI::rt {

class blocked_reporter {
 public:
  // `runtime` outlives it.
  blocked_reporter(std::function<void(const blocked_worker&)> to, std::string_view runtime)
      : to_(std::move(to)), runtime_(runtime) {}

  // An exception out of the program's function ends the process.
  void tell(const sighting& seen) const noexcept;

 private:
  const std::function<void(const blocked_worker&)> to_;
  const std::string_view runtime_;
};

// Lines for a person: at most one a second, which then says how many others there were.
class blocked_lines {
 public:
  using clock = std::chrono::steady_clock;

  // The line to be printed now, if one is. Throws std::bad_alloc.
  [[nodiscard]] std::optional<std::string> next(const blocked_worker& seen, clock::time_point now);

 private:
  mutex lock_;
  std::optional<clock::time_point> last_;  // this and the next: guarded by lock_
  std::size_t left_out_ = 0;
};

// The default: prints blocked_lines on standard error.
[[nodiscard]] std::function<void(const blocked_worker&)> blocked_printer();

}  // namespace weft::inline WEFT_ABI::rt
