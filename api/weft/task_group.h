// task_group: children that cannot outlive it.
//
//     co_await weft::with_task_group([&](weft::task_group& group) -> weft::task<> {
//       for (auto& url : urls) group.spawn(fetch, url);   // callable and arguments, kept alive by the group
//       co_return;
//     });                                                 // left only when every child has ended
//
// (Not tbb::task_group: its words are run and wait; ours are spawn and join.)
//
// Children may spawn further children. The first error, of a child or of the body, asks all others and the
// body to stop; all are awaited; then one error is thrown as itself, several as error_group. A child that was
// stopped is no error. request_stop() ends the group early, without an error.
//
// A plain task_group object is for owners that are no coroutines (a server's connections): it must be joined
// before it dies. Inside a coroutine take with_task_group: a destructor cannot await.
//
// Thread safety: spawn, request_stop and size from any thread; of with_task_group's group only while the body
// or a child runs, of a plain one while the object lives.
// Stop: an outside stop is forwarded to the body and the children; the caller is unwound when all have ended.
// Cost of a child: one allocation besides its frame, a lock, O(1).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/detail/group_core.h"
#include "weft/detail/held.h"
#include "weft/detail/join.h"
#include "weft/detail/spawned.h"
#include "weft/stop.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

class runtime;

struct child_error {
  std::exception_ptr error;
  std::source_location where;  // the child's coroutine, at the await where it stood last
};

// Several children failed.
class error_group : public std::exception {
 public:
  explicit error_group(std::vector<child_error> errors);
  // How many, and each one's text and place.
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] const std::vector<child_error>& errors() const noexcept { return errors_; }

 private:
  std::vector<child_error> errors_;
  std::string text_;
};

namespace detail {

// A child and what it lives on; frees itself.
template <class T, class Call>
struct group_child final : rt::roster::member, pooled {
  group_core& group;
  Call kept;

  template <class... As>
  explicit group_child(group_core& in, As&&... arguments) : group(in), kept(std::forward<As>(arguments)...) {}
  // The coroutine refers to what is kept: it goes first.
  ~group_child() {
    if (root != nullptr) root->handle().destroy();
  }

  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    self.run = &ended_job;
    now.resume_first = &self;
    return std::noop_coroutine();
  }

  static void ended_job(rt::job& job, rt::turn& now) noexcept {
    auto& self = static_cast<group_child&>(static_cast<rt::scope&>(job));
    group_core& of = self.group;
    if (self.root != nullptr) {
      auto& result = static_cast<promise<T>*>(self.root)->result;
      if (result.has_error()) of.fail(result.take_error(), self.root->site());
    } else {
      of.note_cut_short();
    }
    of.leave(self);
    delete &self;
    if (const std::coroutine_handle<> next = of.arrive(now)) next.resume();
  }
};

template <class T>
class group_awaiter;

}  // namespace detail

class task_group {
 public:
  // For owners that are no coroutines; see join().
  explicit task_group(runtime& on);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  // Starts a child. Arguments are moved or copied in, and passed on as rvalues (std::ref for a reference).
  // False: the group is stopping, has failed, or was joined; callable and arguments are destroyed, nothing
  // runs.
  template <class F, class... Args>
    requires detail::spawnable<F, Args...>
  bool spawn(F&& function, Args&&... arguments) {
    using value = detail::spawned_value<F, Args...>;
    using child = detail::group_child<value, detail::kept_call<std::decay_t<F>, std::decay_t<Args>...>>;
    detail::group_core& core = this->core();
    auto made =
        std::unique_ptr<child>(new child(core, std::forward<F>(function), std::forward<Args>(arguments)...));
    made->begin(*made->kept.make().release(), core.inherited(), nullptr, &child::on_end);
    if (!core.admit(*made)) return false;
    core.home().submit(*made.release());
    return true;
  }

  // Asks the body and all children to stop, now and once; no error. Later spawns are refused.
  void request_stop() noexcept { core().request_stop(); }

  // Children that have not ended; a hint.
  [[nodiscard]] std::size_t size() const noexcept { return core().size(); }

  // Of a plain group: waits for all children, those that they spawn included, and throws what they threw.
  // Once the last one has ended, spawn() refuses. A stop point: a stopped joiner has not joined; stopping the
  // runtime ends the children all the same.
  [[nodiscard]] task<> join();

 private:
  template <class T>
  friend class detail::group_awaiter;

  struct standalone;

  explicit task_group(detail::group_core& of) noexcept : core_(&of) {}
  [[nodiscard]] detail::group_core& core() const noexcept { return *core_; }

  detail::group_core* core_;
  standalone* own_ = nullptr;  // of a plain group
};

namespace detail {

// The body, made only when it runs: a callable that spawns before it returns its task, or throws, does so
// inside the group.
template <class T, class MakeBody>
task<T> start_body(MakeBody& make_body, task_group& group) {
  co_return co_await std::invoke(make_body, group);
}

// Waits for the body and for all children. The body is a child of the join; the group counts as one
// participant more.
template <class T>
class group_awaiter : join {
 public:
  template <class MakeBody>
  group_awaiter(MakeBody& make_body, const rt::context& inherited)
      : join(&stop_children_of, &settle), core_(*this), group_(core_) {
    core_.bind(inherited);
    body_.joined = this;
    body_.adopt(start_body<T>(make_body, group_).release());
  }

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    rt::scope& outer = leaf.home();
    body_.begin(*body_.root, outer.inherited(), &outer, &body_ended);
    if (!arm(leaf, 1)) {
      stop_at(leaf, rt::this_turn());
      return std::noop_coroutine();
    }
    return rt::enter(*body_.root, rt::this_turn());
  }

  T await_resume() {
    if (core_.has_failed()) [[unlikely]]
      core_.throw_failures();
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
  struct body_scope : child_scope<T> {
    group_awaiter* joined = nullptr;
  };

  static std::coroutine_handle<> body_ended(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    group_awaiter& all = *static_cast<body_scope&>(self).joined;
    if (all.body_.has_error()) {
      all.core_.fail(all.body_.result().take_error(), all.body_.root->site());
    }
    return or_noop(all.core_.arrive(now));
  }

  static void stop_children_of(join& self, rt::job_list& ready) noexcept {
    static_cast<group_awaiter&>(self).core_.stop(ready);
  }
  static bool settle(join& self) noexcept {
    auto& all = static_cast<group_awaiter&>(self);
    const bool is_whole = !all.body_.was_stopped() && !all.core_.is_cut_short();
    return all.core_.has_failed() || is_whole || !all.waiter->is_stopping();
  }

  core core_;
  task_group group_;
  body_scope body_;
};

// Finds the context, which the awaiter needs before it is suspended.
class current_context_awaiter {
 public:
  current_context_awaiter() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    context_ = &self.promise().home().inherited();
    return false;
  }
  [[nodiscard]] const rt::context& await_resume() const noexcept { return *context_; }

 private:
  const rt::context* context_ = nullptr;
};
struct current_context_operation {
  static constexpr bool may_be_awaited_as_lvalue = true;
  [[nodiscard]] auto into_awaiter() const noexcept { return current_context_awaiter(); }
};

template <class T, class MakeBody>
class group_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  group_operation(MakeBody& make_body, const rt::context& inherited) noexcept
      : make_body_(make_body), inherited_(inherited) {}
  [[nodiscard]] auto into_awaiter() && { return group_awaiter<T>(make_body_, inherited_); }

 private:
  MakeBody& make_body_;
  const rt::context& inherited_;
};

template <class MakeBody>
using body_value = task_value<std::invoke_result_t<MakeBody&, task_group&>>;

template <class MakeBody>
task<body_value<MakeBody>> run_group(held<MakeBody> make_body) {
  const rt::context& inherited = co_await current_context_operation();
  co_return co_await group_operation<body_value<MakeBody>, MakeBody>(*make_body, inherited);
}

}  // namespace detail

// Runs `make_body(group)`, and returns when it and all children have ended, with the body's result. The
// callable is kept alive meanwhile, so it may be a lambda with captures.
template <class MakeBody>
  requires detail::is_task<std::invoke_result_t<MakeBody&, task_group&>>
[[nodiscard]] WEFT_CORO_WRAPPER task<detail::body_value<MakeBody>> with_task_group(MakeBody make_body) {
  return detail::run_group(detail::held<MakeBody>(std::move(make_body)));
}

}  // namespace weft::inline WEFT_ABI
