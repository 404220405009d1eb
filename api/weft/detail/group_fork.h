// co_await group.fork(): the child begins here and now, and the rest of the caller is what others may take.
//
// The caller waits in its worker's queue of forked children, as a job of its chain, while the worker goes into the
// child. So a loop that forks leaves one place in the queue however long it runs, and no more children alive than are
// under way: as many as there are workers, and those that wait for something. (Continuation stealing: Blumofe and
// Leiserson, "Scheduling Multithreaded Computations by Work Stealing", JACM 1999.)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "weft/detail/group_child.h"
#include "weft/detail/group_core.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::detail {

template <class Child>
class group_fork_awaiter {
 public:
  group_fork_awaiter(group_core& in, std::unique_ptr<Child> made) noexcept
      : group_(&in), made_(std::move(made)) {}

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
    group_core& group = *group_;
    rt::turn& now = rt::this_turn();
    rt::frame& leaf = self.promise();
    rt::scope& caller = leaf.home();
    if (&caller.home() != &group.home()) {
      is_admitted_ = launch(group, std::move(made_));
      return self;
    }
    now.forks->reserve();  // throws here, if at all: nothing has happened yet
    is_admitted_ = group.admit(*made_);
    if (!is_admitted_) return self;
    Child& child = *made_.release();
    child.about_to_run();
    caller.link_up();  // others may have it now, and it is in nobody's hands
    caller.to_resume(leaf);
    // SAFETY: once the caller can be taken it may be through, and this awaiter gone. The child keeps the group.
    WEFT_CHAOS(yield);
    now.forks->push(caller);
    now.forked.add();
    WEFT_CHAOS(late_wake);
    if (now.is_anybody_to_be_woken()) [[unlikely]]
      group.home().offer_forked();
    return rt::enter(*child.root, now);
  }

  bool await_resume() const noexcept { return is_admitted_; }

 private:
  group_core* group_;
  std::unique_ptr<Child> made_;
  bool is_admitted_ = false;
};

// What co_await is given.
template <class Child>
class [[nodiscard("the child does not run until this is awaited")]] group_fork_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  group_fork_operation(group_core& in, std::unique_ptr<Child> made) noexcept
      : group_(&in), made_(std::move(made)) {}
  [[nodiscard]] auto into_awaiter() && noexcept {
    return group_fork_awaiter<Child>(*group_, std::move(made_));
  }

 private:
  group_core* group_;
  std::unique_ptr<Child> made_;
};

}  // namespace weft::inline WEFT_ABI::detail
