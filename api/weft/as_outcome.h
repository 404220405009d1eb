// as_outcome, stopped_as_optional: where a stop, and an error, become values.
//
//     weft::outcome<page> end = co_await weft::as_outcome(fetch(url));
//     if (end.is_stopped()) save_what_there_is();          // no await: we are stopping too
//
//     if (auto page = co_await weft::stopped_as_optional(fetch(url))) use(*page);
//
// as_outcome gives the value, the exception, or "stopped". stopped_as_optional gives a std::optional that is
// empty after a stop (of std::monostate for void, of std::reference_wrapper for a reference), and throws what
// the task throws. Both take a task or any other operation of ours.
//
// The stop is the ambient one: it is asked of the caller, and forwarded. Turning it into a value does not
// take it back. The caller goes on without an await, to its end if it likes, and a value that it returns is
// delivered; but its next operation that could wait stops it, the next as_outcome among them. So a loop that
// retries ends under a stop. (The handle of another task that was stopped throws stopped_error. That is an
// error here: nobody asked us to stop.)
//
// Thread safety: as that of awaiting the task itself.
// Errors: as_outcome: none (an exception that the move of the value throws takes its place).
// stopped_as_optional: the task's.
// Stop: forwarded; when the task has ended, the caller is resumed with the value. A caller that is stopping
// already does not begin the task, and is unwound.
// Cost: no allocation besides the task's frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "weft/detail/forked.h"
#include "weft/detail/kept_value.h"
#include "weft/outcome.h"
#include "weft/task.h"
#include "weft/when_all_settled.h"

namespace weft::inline WEFT_ABI {
namespace detail {

struct outcome_rule : settled_rule {
  static constexpr const char* name = "as_outcome: ";

  template <class T>
  static outcome<T> take(child_pack<outcome_rule, T>& only, const rt::scope*) noexcept {
    return outcome_of<T>(only.first());
  }
};

struct optional_rule : settled_rule {
  static constexpr const char* name = "stopped_as_optional: ";

  template <class T>
  static std::optional<kept_value<T>> take(child_pack<optional_rule, T>& only, const rt::scope*) {
    if (only.first().was_stopped()) return std::nullopt;
    return std::optional<kept_value<T>>(std::in_place, take_result(only.first().result()));
  }
};

}  // namespace detail

template <detail::awaitable_of_ours A>
[[nodiscard]] auto as_outcome(A awaited WEFT_LIFETIMEBOUND) {
  task<detail::await_result<A>> only = detail::as_task(std::move(awaited));
  return detail::forked_operation<detail::outcome_rule, detail::await_result<A>>(only);
}

template <detail::awaitable_of_ours A>
[[nodiscard]] auto stopped_as_optional(A awaited WEFT_LIFETIMEBOUND) {
  task<detail::await_result<A>> only = detail::as_task(std::move(awaited));
  return detail::forked_operation<detail::optional_rule, detail::await_result<A>>(only);
}

}  // namespace weft::inline WEFT_ABI
