// Scopes that are asked to stop together: a runtime's tasks, a group's children.
//
// A member joins before it starts and leaves after its end, on any thread. Once closed, a roster admits
// nobody. Invariant: a member's memory lives until leave() has returned, so close_and_stop() may walk the list
// under the lock; scope::stop is O(1) and takes only the lock of the one queue where the member waits.
//
// It is over, for good, when its owner has left and no member is in any more: whoever leaves last is told, and has
// everything before it that the others did before they left.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/intrusive_list.h"
#include "weft/rt/base/spin_lock.h"
#include "weft/rt/work/job_list.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/spawn_mark.h"

namespace weft::inline WEFT_ABI::rt {

// Links that are not the job's.
struct enrolment {
  enrolment* next = nullptr;
  enrolment* prev = nullptr;
};

class roster {
 public:
  // A scope with links of its own: its job may stand in a queue at the same time. Invariant: every scope
  // without a parent that a report or an error is about is one (see mark_of). The other kind, a foreign
  // coroutine's wait for a task (as_awaitable), runs no coroutine of ours and stands in no roster.
  struct member : scope, enrolment {
    spawn_mark mark;
  };

  roster() = default;
  roster(const roster&) = delete;
  roster& operator=(const roster&) = delete;

  // False once the roster is closed: the member must not start.
  [[nodiscard]] bool admit(member& joining) noexcept {
    WEFT_CHAOS(yield);
    lock_guard<spin_lock> guard(lock_);
    if (closed_) return false;
    members_.push_back(joining);
    ++size_;
    return true;
  }
  // The caller may free the member afterwards. True: it was the last one, nobody is in any more; where somebody waits for
  // that, last_leave is to be told.
  bool leave(member& leaving) noexcept {
    WEFT_CHAOS(yield);
    lock_guard<spin_lock> guard(lock_);
    unlist_locked(leaving);
    return close_if_empty();
  }

  // The same in two steps, for a member that may be freed by others before it has done its last act: it is asked to stop no
  // more, and stays in until leave_unlisted().
  void unlist(member& leaving) noexcept {
    WEFT_CHAOS(yield);
    lock_guard<spin_lock> guard(lock_);
    unlist_locked(leaving);
    ++unlisted_;
  }
  // By such a member, and by the owner, once each. True: as leave().
  bool leave_unlisted() noexcept {
    WEFT_CHAOS(yield);
    lock_guard<spin_lock> guard(lock_);
    --unlisted_;
    return close_if_empty();
  }

  // Admits nobody from now on.
  void close() noexcept;

  // Admits nobody from now on, and asks all who are listed to stop. Jobs to run are appended to `ready`.
  void close_and_stop(job_list& ready) noexcept;

  // The same for several rosters whose members wait for each other: hold all of them first. Nobody leaves meanwhile, so
  // nobody hears of an end by this stop before being asked.
  [[nodiscard]] std::unique_lock<spin_lock> hold() noexcept;
  void close_and_stop(job_list& ready, const std::unique_lock<spin_lock>& held) noexcept;

  // Of those who are listed.
  [[nodiscard]] std::size_t size() const noexcept;

  // Calls `fn` with each of them, under the lock.
  template <class Fn>
  void for_each(Fn fn) {
    lock_guard<spin_lock> guard(lock_);
    for (enrolment* each = members_.front(); each != nullptr; each = each->next) fn(member_of(*each));
  }

 private:
  // SAFETY: nothing else stands in the list.
  [[nodiscard]] static member& member_of(enrolment& links) noexcept { return static_cast<member&>(links); }

  void unlist_locked(member& leaving) noexcept {
    members_.remove(leaving);
    --size_;
  }
  [[nodiscard]] bool close_if_empty() noexcept {
    if (size_ != 0 || unlisted_ != 0) return false;
    closed_ = true;
    return true;
  }

  mutable spin_lock lock_;
  intrusive_list<enrolment> members_;  // this and the rest: guarded by lock_
  std::size_t size_ = 0;               // of members_
  std::size_t unlisted_ = 1;           // the owner, and members that are about to leave
  bool closed_ = false;
};

// Where a thread waits until rosters that were closed are empty. Outlives all members.
class last_leave {
 public:
  // roster::leave() was true.
  void tell() noexcept;
  // Blocks the calling thread, which must not be a worker, until nobody is in `closed`, which its owner has left.
  void wait_for(const roster& closed) noexcept;

 private:
  mutex lock_;
  condition_variable told_;
};

// What a spawned task is called and where it was spawned; null for a scope that another one waits for.
[[nodiscard]] inline const spawn_mark* mark_of(const scope& one) noexcept {
  // SAFETY: see the invariant of member.
  return one.joined == nullptr ? &static_cast<const roster::member&>(one).mark : nullptr;
}

}  // namespace weft::inline WEFT_ABI::rt
