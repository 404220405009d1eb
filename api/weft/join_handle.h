// join_handle<T>: a spawned task, to await or to let go.
//
// Thread safety: a handle belongs to one thread at a time, and is awaited by one task at a time (of any
// runtime). Dropping it lets the task go on; it does not stop it. A handle may outlive its runtime (a socket
// in its result may not).
// Errors: `co_await handle` throws what the task threw; stopped_error if the task was stopped. An error that
// is never awaited is reported to runtime_options::on_unhandled_error when the handle is dropped, or when the
// task ends later.
// Stop: awaiting is a stop point; the task goes on and the handle can be awaited again by whoever holds it
// then. A task that awaits its own handle, itself or in a child, aborts: it could not end. Sixteen joins deep are
// looked through; below them it waits for ever.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "weft/detail/spawned.h"
#include "weft/rt/work/coroutine_name.h"
#include "weft/rt/work/error_stack.h"
#include "weft/stop.h"

namespace weft::inline WEFT_ABI {

namespace detail {

template <class T>
class join_awaiter : rt::leaf_op {
 public:
  explicit join_awaiter(spawned<T>& awaited) noexcept : rt::leaf_op(kind, nullptr), awaited_(awaited) {}
  join_awaiter(const join_awaiter&) = delete;
  join_awaiter& operator=(const join_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    rt::frame& leaf = self.promise();
    waiter = &leaf.home();
    WEFT_CHECK(!waits_for_itself(), "a task awaits its own join_handle: it would never end");
    if (!waiter->arm(*this, leaf)) {
      stop_at(leaf, rt::this_turn());
      return true;
    }
    rt::job& awaited = awaited_;
    switch (awaited_.life.wait(*waiter)) {
      case rt::lifecycle::wait_outcome::waits:
        // SAFETY: `this` may be gone, and the task too: then it is in no queue of this worker.
        rt::this_turn().home->begin_next_turn_with(awaited);
        return true;
      case rt::lifecycle::wait_outcome::done:
        return !waiter->finish();
      case rt::lifecycle::wait_outcome::stopped:
        waiter->to_unwind(leaf);
        if (waiter->finish()) stop_at(leaf, rt::this_turn());
        return true;
    }
    return true;
  }

  T await_resume() {
    WEFT_CHECK(!awaited_.is_taken, "the result of a task is taken once");
    awaited_.is_taken = true;
    if (awaited_.was_stopped) WEFT_THROW(stopped_error());
    if (awaited_.result.has_error()) [[unlikely]]
      rt::take_error_stack(awaited_, *waiter);
    return awaited_.result.take();
  }

 private:
  // The waiter is the awaited task, or a part of it. About eight instructions a level, at each await of a handle: so
  // only for a bounded number of them.
  [[nodiscard]] bool waits_for_itself() const noexcept {
    const rt::scope* part = waiter;
    for (int level = 0; part != nullptr && level <= levels_looked_through; ++level) {
      if (part == &awaited_) return true;
      part = part->parent();
    }
    return false;
  }

  static rt::cancel_outcome cancel_wait(rt::leaf_op& self, rt::job_list&) noexcept {
    auto& op = static_cast<join_awaiter&>(self);
    return op.awaited_.life.give_up(*op.waiter) ? rt::cancel_outcome::taken : rt::cancel_outcome::completing;
  }
  static void describe_task(const rt::leaf_op& self, std::int64_t, std::string& text) {
    const auto& op = static_cast<const join_awaiter&>(self);
    // A task of another runtime may be ending at this moment; and that runtime may be gone.
    if (&op.awaited_.inherited() != &op.waiter->inherited()) return;
    const rt::frame* const root = op.awaited_.root;
    if (root != nullptr) text += " of " + rt::coroutine_name(root->site().function_name());
  }
  static constexpr rt::leaf_kind kind{"a join_handle", &cancel_wait, &describe_task};
  static constexpr int levels_looked_through = 16;

  spawned<T>& awaited_;
};

}  // namespace detail

template <class T>
class [[nodiscard("dropping the handle lets the task go; say so with detach()")]] join_handle {
 public:
  static constexpr bool may_be_awaited_as_lvalue = true;

  join_handle(join_handle&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    join_handle dying(std::move(*this));
    task_ = std::exchange(other.task_, nullptr);
    return *this;
  }
  ~join_handle() { detach(); }

  // Waits for the task's end; gives its result, once.
  [[nodiscard]] auto into_awaiter() const noexcept {
    WEFT_CHECK(task_ != nullptr, "this join_handle was moved from or detached");
    return detail::join_awaiter<T>(*task_);
  }

  // Asks the task to stop; returns at once. Idempotent; after its end it does nothing.
  void request_stop() const noexcept {
    WEFT_CHECK(task_ != nullptr, "this join_handle was moved from or detached");
    rt::job_list ready;
    task_->stop(ready);
    if (!ready.empty()) task_->home().submit(ready);
  }

  [[nodiscard]] bool is_done() const noexcept { return task_ != nullptr && task_->life.is_done(); }

  // Lets the task go: it runs on, and an error of its goes to on_unhandled_error.
  void detach() noexcept {
    if (task_ == nullptr) return;
    detail::spawned<T>* const task = std::exchange(task_, nullptr);
    if (task->life.release() == rt::lifecycle::duty::destroy) task->destroy();
  }

  // For spawn().
  explicit join_handle(detail::spawned<T>& task) noexcept : task_(&task) {}

 private:
  detail::spawned<T>* task_;
};

}  // namespace weft::inline WEFT_ABI
