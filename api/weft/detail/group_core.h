// What a task_group is made of: its children, their errors, and the token that keeps it open.
//
// Errors are kept in records that were allocated before the error came (the child's own block): a group that
// fails needs no memory, but for the async stacks of its errors, which are cut short when there is none.
//
// Children and the owner are in its roster; whoever leaves last calls `on_empty`. The first error, and a
// stop, close the roster: nobody is admitted afterwards, everyone inside is asked to stop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <source_location>
#include <string>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"
#include "weft/rt/work/roster.h"

namespace weft::inline WEFT_ABI::detail {

// Room for the error of one participant. What it stands in lives until the group is gone, and so does the scope: of it
// are the stack of the error, and the name.
struct group_failure {
  using dispose_fn = void (*)(group_failure&) noexcept;

  std::exception_ptr error;
  std::source_location where;
  rt::scope* failed = nullptr;
  group_failure* next = nullptr;
  dispose_fn dispose = nullptr;  // frees it with the group; null: it is not the group's to free
};

class group_core {
 public:
  // Called by the last one to leave. Returns what to enter, or null.
  using empty_fn = std::coroutine_handle<> (*)(group_core&, rt::turn&) noexcept;
  // The first error, or a stop: the body is to be asked too.
  using stopping_fn = void (*)(group_core&, rt::job_list&) noexcept;

  group_core(empty_fn on_empty, stopping_fn on_stopping) noexcept
      : on_empty_(on_empty), on_stopping_(on_stopping) {}
  group_core(const group_core&) = delete;
  group_core& operator=(const group_core&) = delete;
  ~group_core();

  void bind(const rt::context& inherited) noexcept { inherited_ = &inherited; }
  // A stop of `above` will be forwarded to us; it lives as long as anybody is in. Before the first child.
  void obey(const rt::scope& above) noexcept { above_ = &above; }
  [[nodiscard]] const rt::context& inherited() const noexcept { return *inherited_; }
  [[nodiscard]] rt::engine& home() const noexcept { return *inherited_->home; }

  // A child is about to start. False: the group is closed, stopping or over; the child must not start.
  [[nodiscard]] bool admit(rt::roster::member& child) noexcept;
  // A child has ended, and nothing is left of what it held. True: it was the last one, and the caller says end() when it has
  // freed it. Otherwise the group may be gone.
  [[nodiscard]] bool leave(rt::roster::member& child) noexcept { return children_.leave(child); }
  // The same in two steps, see roster; end() is said by leave_unlisted().
  void unlist(rt::roster::member& child) noexcept { children_.unlist(child); }
  // What to enter, or null. By such a child, and by the owner, who gives up its token.
  [[nodiscard]] std::coroutine_handle<> leave_unlisted(rt::turn& now) noexcept {
    if (!children_.leave_unlisted()) return nullptr;
    return end(now);
  }
  // By the last one to leave.
  [[nodiscard]] std::coroutine_handle<> end(rt::turn& now) noexcept {
    WEFT_CHAOS(yield);
    return on_empty_(*this, now);
  }

  // A participant has failed: keeps the record, and asks all others to stop.
  void fail(group_failure& kept) noexcept;
  // Admits nobody from now on; those who are in go on.
  void close() noexcept { children_.close(); }
  // Asks all to stop; jobs go to `ready`.
  void stop(rt::job_list& ready) noexcept {
    is_stopping_.store(true, std::memory_order_relaxed);  // published by the roster's lock
    WEFT_CHAOS(yield);
    children_.close_and_stop(ready);
    WEFT_CHAOS(yield);
    on_stopping_(*this, ready);
  }
  void request_stop() noexcept {
    rt::job_list ready;
    stop(ready);
    WEFT_CHAOS(late_wake);
    home().submit(ready);
  }

  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }

  // For reports, see leaf_kind.h. The visitor may not touch the group: its lock is held.
  void describe(std::string& text) const;
  void visit_children(rt::leaf_kind::visit_fn visit, void* visitor);

  // A child was stopped before its end, or refused because of a stop: the group's work is not whole.
  void note_cut_short() noexcept {
    is_cut_short_.store(true, std::memory_order_relaxed);  // ordered by the roster's lock
  }
  // After the last one has left.
  [[nodiscard]] bool is_cut_short() const noexcept {
    return is_cut_short_.load(std::memory_order_relaxed);  // ordered by the roster's lock
  }

  // After the last one has left, in a coroutine: throws one error as itself, several as error_group. Without memory for
  // that, the first one as itself, and the others are reported as those that nobody took.
  [[nodiscard]] bool has_failed() const noexcept { return first_failure_ != nullptr; }
  void throw_failures(const rt::engine::reporter& unhandled) const;
  // The same errors in the order in which they came, for a group that nobody joined.
  [[nodiscard]] const group_failure* first_failure() const noexcept { return first_failure_; }

 private:
  empty_fn on_empty_;
  stopping_fn on_stopping_;
  const rt::context* inherited_ = nullptr;
  const rt::scope* above_ = nullptr;  // null for a group of its own
  rt::roster children_;
  // Set by children, before they leave.
  rt::atomic<bool> is_cut_short_{false};
  // Set before the roster is closed by a stop.
  rt::atomic<bool> is_stopping_{false};
  rt::mutex failures_lock_;
  // Both guarded by failures_lock_ until the last one has left.
  group_failure* first_failure_ = nullptr;
  group_failure* last_failure_ = nullptr;
};

}  // namespace weft::inline WEFT_ABI::detail
