// The join of with_task_group: group, body and wait in one awaiter, in one frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "weft/detail/call.h"
#include "weft/detail/group_core.h"
#include "weft/detail/join.h"
#include "weft/stop.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI::detail {

// The body, made only when it runs: a callable that spawns before it returns its task, or throws, does so
// inside the group.
template <class T, class Group, class MakeBody>
task<T> start_body(MakeBody& make_body, Group& group) {
  co_return co_await call(make_body, group);
}

// Waits for the body and for all children. The body is a child of the join; the group counts as one
// participant more.
template <class T, class Group>
class group_awaiter : join {
 public:
  template <class MakeBody>
  group_awaiter(MakeBody& make_body, const rt::context& inherited) : join(kind), core_(*this), group_(core_) {
    core_.bind(inherited);
    body_.adopt(start_body<T, Group>(make_body, group_).release());
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    rt::scope& outer = leaf.home();
    core_.obey(outer);
    body_.begin(*body_.root, outer.inherited(), this, &body_ended);
    if (!arm(leaf, 1)) {
      stop_at(leaf, rt::this_turn());
      return std::noop_coroutine();
    }
    return rt::enter(*body_.root, rt::this_turn());
  }

  T await_resume() {
    if (core_.has_failed()) [[unlikely]]
      core_.throw_failures(*core_.home().unhandled());
    if (body_.was_stopped()) {
      // By the group's own stop. Without a result that is a way to end; with one there is nothing to give.
      if constexpr (std::is_void_v<T>) {
        return;
      } else {
        WEFT_THROW(stopped_error());
      }
    }
    return body_.result().take();
  }

 private:
  struct core : group_core {
    explicit core(group_awaiter& of) noexcept : group_core(&empty, &stopping), all(&of) {}
    static std::coroutine_handle<> empty(group_core& self, rt::turn& now) noexcept {
      return static_cast<core&>(self).all->arrive(now);
    }
    static void stopping(group_core& self, rt::job_list& ready) noexcept {
      static_cast<core&>(self).all->body_.stop(ready);
    }
    group_awaiter* all;
  };
  static std::coroutine_handle<> body_ended(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    group_awaiter& all = static_cast<group_awaiter&>(*self.joined);
    if (all.body_.has_error()) {
      all.body_failure_.error = all.body_.result().take_error();
      all.body_failure_.where = all.body_.root->site();
      all.body_failure_.failed = &all.body_;
      all.core_.fail(all.body_failure_);
    }
    return or_noop(all.core_.leave_unlisted(now));
  }

  static void stop_children_of(join& self, rt::job_list& ready) noexcept {
    static_cast<group_awaiter&>(self).core_.stop(ready);
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<group_awaiter&>(self);
    const bool is_whole = !all.body_.was_stopped() && !all.core_.is_cut_short();
    return all.core_.has_failed() || is_whole || !all.waiter->is_stopping();
  }
  static void describe(const rt::leaf_op& self, std::int64_t, std::string& text) {
    static_cast<const group_awaiter&>(self).core_.describe(text);
  }
  static void visit_all(rt::leaf_op& self, rt::leaf_kind::visit_fn visit, void* visitor) {
    auto& all = static_cast<group_awaiter&>(self);
    visit(visitor, all.body_);
    all.core_.visit_children(visit, visitor);
  }
  static constexpr join::join_kind kind{"with_task_group: the body and ", &stop_children_of, &settle,
                                        &describe, &visit_all};

  group_failure body_failure_;  // outlives the core, whose list it may be in
  core core_;
  Group group_;
  child_scope<T> body_;
};

template <class T, class Group, class MakeBody>
class group_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  group_operation(MakeBody& make_body, const rt::context& inherited) noexcept
      : make_body_(make_body), inherited_(inherited) {}
  [[nodiscard]] auto into_awaiter() && { return group_awaiter<T, Group>(make_body_, inherited_); }

 private:
  MakeBody& make_body_;
  const rt::context& inherited_;
};

}  // namespace weft::inline WEFT_ABI::detail
