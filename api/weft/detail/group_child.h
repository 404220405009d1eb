// A child of a task_group: its scope, the callable and arguments that it lives on, and room for its error.
//
// One block, beside the coroutine's frame. It is freed at the child's end; after an error it stays, without
// frame, callable and arguments, as the record of that error, until the group is gone.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "weft/detail/group_core.h"
#include "weft/detail/spawned.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/work/spawn_mark.h"

namespace weft::inline WEFT_ABI::detail {

// A child that is to run `on_end` when its chain has ended.
template <rt::job::run_fn OnEnd>
std::coroutine_handle<> end_by_job(rt::scope& self, rt::turn& now, rt::ending) noexcept {
  // The frame is destroyed in what follows: not from inside its own final suspension.
  self.run = OnEnd;
  now.epilogue = &self;
  return std::noop_coroutine();
}

template <class T, class Call>
struct group_child final : rt::roster::member, group_failure, pooled {
  group_core& group;
  std::optional<Call> kept;

  template <class... As>
  explicit group_child(group_core& in, rt::spawn_mark of, As&&... arguments) : group(in) {
    mark = std::move(of);
    kept.emplace(std::forward<As>(arguments)...);
    begin(*kept->make().release(), in.inherited(), nullptr, &end_by_job<&ended_job>);
  }
  ~group_child() { drop(); }

  void about_to_run() noexcept {}

 private:
  // The coroutine refers to what is kept: it goes first.
  void drop() noexcept {
    if (root != nullptr) std::exchange(root, nullptr)->handle().destroy();
    kept.reset();
  }

  static void ended_job(rt::job& job, rt::turn& now) noexcept {
    auto& self = static_cast<group_child&>(static_cast<rt::scope&>(job));
    group_core& of = self.group;
    if (self.root != nullptr && static_cast<promise<T>*>(self.root)->result.has_error()) {
      self.error = static_cast<promise<T>*>(self.root)->result.take_error();
      self.where = self.root->site();
      self.failed = &self;
      self.dispose = [](group_failure& failed) noexcept { delete static_cast<group_child*>(&failed); };
      self.drop();
      // Before it leaves: whoever sees the group empty sees the error too.
      of.fail(self);
      go_on_after(of.leave(self), of, now);
    } else {
      if (self.root == nullptr) of.note_cut_short();
      self.drop();
      const bool is_last = of.leave(self);
      delete &self;
      go_on_after(is_last, of, now);
    }
  }
  static void go_on_after(bool is_last, group_core& of, rt::turn& now) noexcept {
    if (!is_last) return;  // SAFETY: the group may be gone
    if (const std::coroutine_handle<> next = of.end(now)) next.resume();
  }
};

// False: refused, and destroyed without having run.
template <class Child>
bool launch(group_core& core, std::unique_ptr<Child> made) noexcept {
  if (!core.admit(*made)) return false;
  made->about_to_run();
  WEFT_CHAOS(yield);
  core.home().spawn(*made.release());
  return true;
}

}  // namespace weft::inline WEFT_ABI::detail
