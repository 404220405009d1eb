#include "weft/rt/blocked_reporter.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "weft/rt/base/config.h"
#include "weft/rt/work/coroutine_name.h"

namespace weft::inline WEFT_ABI::rt {

void blocked_reporter::tell(const sighting& seen) const noexcept {
  std::string name;
  WEFT_TRY {
    if (seen.resumed_at.line() != 0) name = coroutine_name(seen.resumed_at.function_name());
  }
  WEFT_CATCH_ALL {}  // no memory: the place has to do
  to_({.runtime = runtime_,
       .worker = seen.worker,
       .at_least = std::chrono::nanoseconds(seen.at_least_ns),
       .coroutine = name,
       .resumed_at = seen.resumed_at});
}

std::optional<std::string> blocked_lines::next(const blocked_worker& seen, clock::time_point now) {
  std::size_t others = 0;
  {
    const lock_guard<mutex> guard(lock_);
    if (last_ && now - *last_ < std::chrono::seconds(1)) {
      ++left_out_;
      return std::nullopt;
    }
    last_ = now;
    others = std::exchange(left_out_, 0);
  }
  std::string line =
      "weft: worker " + std::string(seen.runtime) + '-' + std::to_string(seen.worker) +
      " is in one job for over " +
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(seen.at_least).count()) + " ms";
  if (seen.resumed_at.line() != 0) line += "; it resumed " + place_in_coroutine(seen.resumed_at);
  if (others != 0) line += " (since the last line " + std::to_string(others) + " more)";
  return line + '\n';
}

std::function<void(const blocked_worker&)> blocked_printer() {
  return [lines = std::make_shared<blocked_lines>()](const blocked_worker& seen) {
    WEFT_TRY {
      const std::optional<std::string> line = lines->next(seen, blocked_lines::clock::now());
      if (line) std::fputs(line->c_str(), stderr);
    }
    WEFT_CATCH_ALL {}  // no memory: nothing is said this time
  };
}

}  // namespace weft::inline WEFT_ABI::rt
