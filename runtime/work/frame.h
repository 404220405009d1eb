// What every coroutine frame of ours carries in its promise: who awaits it, in which scope, and where it
// waits.
//
// Awaiting makes a chain: root <- child <- grandchild. A link lives in the awaiter, that is in the parent's
// frame, and knows both ends, so that one can climb from the innermost frame to the root, and cut each
// owner's handle on the way (see scope.h, unwinding). The root's link is its scope.
//
// Invariant: a frame is the first base of its promise, and promises are aligned to at most 16 bytes (checked
// where they are defined), so that handle() finds the coroutine in front of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>
#include <source_location>

#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

class frame;
struct scope;

// Lives in the awaiter that waits for `child`, in the frame of `parent`.
struct link {
  frame* parent = nullptr;
  frame* child = nullptr;  // owned: null once the child's frame is destroyed
};

class frame {
 public:
  explicit frame(std::source_location created) noexcept : site_(created) {}
  frame(const frame&) = delete;
  frame& operator=(const frame&) = delete;

  [[nodiscard]] std::coroutine_handle<> handle() noexcept {
    // SAFETY: see the invariant at the head.
    return std::coroutine_handle<frame>::from_promise(*this);
  }

  // This frame's parent is suspended in the awaiter that holds `awaiter`.
  void await_in(link& awaiter, scope& inherited) noexcept {
    link_ = reinterpret_cast<std::uintptr_t>(&awaiter);
    scope_ = &inherited;
  }

  // Nobody awaits this frame: its end is the end of `own`.
  void root_in(scope& own) noexcept {
    link_ = is_root_bit;
    scope_ = &own;
  }

  // While it is suspended in an operation that is not ours, and until it goes on. Both on a worker.
  void enter_foreign() noexcept { link_ |= is_foreign_bit; }
  void leave_foreign() noexcept { link_ &= ~is_foreign_bit; }

  // Ended by a stopped_error while it is stopping: from now on, until it is unwound.
  void end_as_stopped() noexcept { enter_foreign(); }

  // Clean-up is to be awaited when this frame has ended: see scope_extras.h.
  void note_exit_hooks() noexcept { link_ |= has_hooks_bit; }
  [[nodiscard]] bool has_exit_hooks() const noexcept { return (link_ & has_hooks_bit) != 0; }

  // At its final suspension: it does not simply hand over to whoever waits.
  [[nodiscard]] bool ends_unusually() const noexcept {
    return (link_ & (is_foreign_bit | has_hooks_bit)) != 0;
  }

  // At its final suspension: the parent, which simply goes on; null for a root, and when it ends unusually.
  [[nodiscard]] frame* ends_into() const noexcept {
    return (link_ & all_bits) == 0 ? reinterpret_cast<link*>(link_)->parent : nullptr;
  }

  // For reports: any frame, at any time that no worker runs it.
  [[nodiscard]] bool is_in_foreign() const noexcept { return (link_ & is_foreign_bit) != 0; }
  [[nodiscard]] const frame* awaited_by() const noexcept {
    const std::uintptr_t plain = link_ & ~all_bits;
    return plain == 0 ? nullptr : reinterpret_cast<const link*>(plain)->parent;
  }

  [[nodiscard]] bool is_root() const noexcept { return (link_ & is_root_bit) != 0; }
  [[nodiscard]] link& awaiter() const noexcept {
    WEFT_DCHECK(!is_root() && link_ != 0, "a root or unstarted frame has no awaiter");
    return *reinterpret_cast<link*>(link_ & ~all_bits);
  }
  [[nodiscard]] scope& home() const noexcept { return *scope_; }
  [[nodiscard]] bool is_started() const noexcept { return link_ != 0; }

  // Where it was created; after its first co_await, where it waits or waited last.
  [[nodiscard]] const std::source_location& site() const noexcept { return site_; }
  void wait_at(const std::source_location& site) noexcept { site_ = site; }

 private:
  // A frame is not in foreign code and at its end at once: there, is_foreign_bit says end_as_stopped().
  static constexpr std::uintptr_t is_root_bit = 1, is_foreign_bit = 2, has_hooks_bit = 4, all_bits = 7;
  static_assert(alignof(link) > all_bits);

  // A link*, or is_root_bit, or 0 before the start; with the other two bits.
  std::uintptr_t link_ = 0;
  scope* scope_ = nullptr;
  std::source_location site_;  // one pointer with both compilers
};

}  // namespace weft::inline WEFT_ABI::rt
