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

  [[nodiscard]] bool is_root() const noexcept { return link_ == is_root_bit; }
  [[nodiscard]] link& awaiter() const noexcept {
    WEFT_DCHECK(!is_root() && link_ != 0, "a root or unstarted frame has no awaiter");
    return *reinterpret_cast<link*>(link_);
  }
  [[nodiscard]] scope& home() const noexcept { return *scope_; }
  [[nodiscard]] bool is_started() const noexcept { return link_ != 0; }

  // Where it was created; after its first co_await, where it waits or waited last.
  [[nodiscard]] const std::source_location& site() const noexcept { return site_; }
  void wait_at(const std::source_location& site) noexcept { site_ = site; }

 private:
  static constexpr std::uintptr_t is_root_bit = 1;

  std::uintptr_t link_ = 0;  // a link*, or is_root_bit, or 0 before the start
  scope* scope_ = nullptr;
  std::source_location site_;  // one pointer with both compilers
};

}  // namespace weft::inline WEFT_ABI::rt
