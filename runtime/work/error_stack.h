// Through which awaits an exception has come: the async stack of an error, collected while it leaves frame after frame.
//
// When an error reaches those who tell of it, the frames that it went through are gone. So each frame that an exception
// leaves adds the await where it stood, to a record that hangs off its scope (scope_extras.h). This happens in the
// handler of unhandled_exception, so a task without an error pays nothing.
//
// Invariant: a record belongs to one exception. A frame goes on with a record only if all of this holds:
//
// 1. it is about the same exception object;
// 2. the object came here by std::rethrow_exception, as it does out of every await. One that was thrown anew may stand
//    where a dead one stood: a record holds no reference, because an exception that was caught has to die when its
//    handler ends;
// 3. this frame is the one that awaited the last frame of the record, or the record came up from another scope.
//
// Otherwise it begins a new one. When memory is short the error goes on with a shorter stack.
//
// A scope's records are touched by its chain alone, on workers, and after its end by whoever owns the scope. Across
// scopes they go up with the error: from the child of a join when its scope dies, from a spawned task or a group's child
// when its error is thrown by who joins it. Frames of other libraries are not seen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <source_location>

#include "weft/rt/base/config.h"
#include "weft/rt/work/await_trail.h"

namespace weft::inline WEFT_ABI::rt {

class frame;
struct scope;

// What is known of the errors of one scope. Few: the last ones that were not forgotten.
class error_stacks {
 public:
  error_stacks() noexcept;
  error_stacks(const error_stacks&) = delete;
  error_stacks& operator=(const error_stacks&) = delete;
  ~error_stacks();

 private:
  struct stack;
  friend void note_error(frame&, const std::exception_ptr&) noexcept;
  friend void take_error_stack(scope&, scope&) noexcept;
  friend await_places places_of(const scope&, const std::exception_ptr&,
                                const std::source_location&) noexcept;

  static constexpr std::size_t most = 4;

  [[nodiscard]] stack* find(const void* thrown) const noexcept;
  // In front of all others; null without memory. `reused`, if any, is one of ours.
  [[nodiscard]] stack* begin(const void* thrown, stack* reused) noexcept;
  void push_front(std::unique_ptr<stack> newest) noexcept;
  [[nodiscard]] std::unique_ptr<stack> remove(stack& one) noexcept;

  std::unique_ptr<stack> first_;
};

// `error`, which is being handled, leaves `leaving`.
void note_error(frame& leaving, const std::exception_ptr& error) noexcept;

// The error with which `ended` has ended is about to be thrown in a frame of `by`: its stack goes on there.
void take_error_stack(scope& ended, scope& by) noexcept;

// The stack of `error`, with which `ended` has ended; `where`, the place of its first frame, when no more is known.
[[nodiscard]] await_places places_of(const scope& ended, const std::exception_ptr& error,
                                     const std::source_location& where) noexcept;

}  // namespace weft::inline WEFT_ABI::rt
