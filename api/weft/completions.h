// completions<T>: children of a group whose ends are taken one by one, in the order in which they end.
//
//     co_await weft::with_task_group([&](weft::task_group& group) -> weft::task<> {
//       weft::completions<page> pages(group);
//       for (auto& url : urls) pages.spawn(fetch, url);
//       while (auto end = co_await pages.next()) {       // std::optional<outcome<page>>
//         if (*end) use(**end);                          // or end->error(), end->is_stopped()
//       }
//     });
//
// A group has children of all kinds; these give a T each. An error is the outcome of its child: it stops
// nobody and does not fail the group. More may be spawned while ends are taken. The group waits for these
// children as for all others, whether their ends are taken or not.
//
// Thread safety: all functions from any thread, and next() by several tasks at once, while the object lives.
// The object may die before its children: their ends are then dropped.
// Errors: spawn: std::bad_alloc. The error of an end that nobody took goes to on_unhandled_error.
// Stop: next() is a stop point, and a stop loses no end: whoever calls next() next gets it.
// Cost: a block beside the child's frame; a lock for each of spawn, end and next. Ending allocates nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "weft/detail/group_child.h"
#include "weft/detail/kept_value.h"
#include "weft/outcome.h"
#include "weft/rt/base/atomic.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/task_group.h"
#include "weft/yield.h"

namespace weft::inline WEFT_ABI {
namespace detail {

// How a child ended, in the child's own block.
template <class T>
struct completion : rt::roster::member, pooled {
  std::source_location where;
  std::optional<outcome<T>> end;
  completion* next = nullptr;

  virtual ~completion() = default;
};

template <class T>
class completion_queue {
 public:
  explicit completion_queue(std::shared_ptr<const rt::engine::reporter> reporter) noexcept
      : reporter_(std::move(reporter)) {}
  completion_queue(const completion_queue&) = delete;
  completion_queue& operator=(const completion_queue&) = delete;
  // Neither a child nor an owner is left.
  ~completion_queue() {
    while (first_ != nullptr) {
      const std::unique_ptr<completion<T>> each = pop();
      if (each->end->has_error()) report_unhandled(*reporter_, *each, each->where, each->end->error());
    }
  }

  // A child is in; its end is yet to be claimed.
  void expect() noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    ++unclaimed_;
  }
  void put(completion<T>& ended) noexcept {
    {
      const rt::lock_guard<rt::mutex> guard(lock_);
      (last_ != nullptr ? last_->next : first_) = &ended;
      last_ = &ended;
    }
    came_.add_permits(1);
  }
  // False: every child's end is taken, or somebody waits for it.
  [[nodiscard]] bool claim() noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    if (unclaimed_ == 0) return false;
    --unclaimed_;
    return true;
  }
  [[nodiscard]] semaphore& came() noexcept { return came_; }
  // With a permit of came().
  [[nodiscard]] std::unique_ptr<completion<T>> take() noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    return pop();
  }
  [[nodiscard]] std::size_t unclaimed() const noexcept {
    const rt::lock_guard<rt::mutex> guard(lock_);
    return unclaimed_;
  }

 private:
  std::unique_ptr<completion<T>> pop() noexcept {
    std::unique_ptr<completion<T>> front(first_);
    first_ = front->next;
    if (first_ == nullptr) last_ = nullptr;
    return front;
  }

  std::shared_ptr<const rt::engine::reporter> reporter_;
  mutable rt::mutex lock_;
  completion<T>* first_ = nullptr;  // this and the rest: guarded by lock_
  completion<T>* last_ = nullptr;
  std::size_t unclaimed_ = 0;
  semaphore came_{0};
};

template <class T, class Call>
struct completing_child final : completion<T> {
  group_core& group;
  std::shared_ptr<completion_queue<T>> to;  // null once it is in that queue
  std::optional<Call> kept;

  template <class... As>
  completing_child(group_core& in, std::shared_ptr<completion_queue<T>> queue, spawn_mark of,
                   As&&... arguments)
      : group(in), to(std::move(queue)) {
    this->mark = std::move(of);
    kept.emplace(std::forward<As>(arguments)...);
    this->begin(*kept->make().release(), in.inherited(), nullptr, &end_by_job<&ended_job>);
  }
  ~completing_child() override { drop(); }

  void about_to_run() noexcept { to->expect(); }

 private:
  void drop() noexcept {
    if (this->root != nullptr) std::exchange(this->root, nullptr)->handle().destroy();
    kept.reset();
  }

  void note_end() noexcept {
    if (this->root == nullptr) {
      group.note_cut_short();
      this->end.emplace(outcome<T>::stopped());
      return;
    }
    auto& result = static_cast<promise<T>*>(this->root)->result;
    this->where = this->root->site();
    if (result.has_error()) {
      this->end.emplace(outcome<T>::failed(result.take_error()));
      return;
    }
    WEFT_TRY {
      if constexpr (std::is_void_v<T>) {
        this->end.emplace(std::in_place);
      } else {
        this->end.emplace(std::in_place, result.take());
      }
    }
    WEFT_CATCH_ALL {
      this->end.emplace(outcome<T>::failed(std::current_exception()));
    }
  }

  static void ended_job(rt::job& job, rt::turn& now) noexcept {
    auto& self =
        static_cast<completing_child&>(static_cast<rt::roster::member&>(static_cast<rt::scope&>(job)));
    group_core& of = self.group;
    self.note_end();
    self.drop();
    of.unlist(self);
    // SAFETY: the queue is kept until it was told; `self` may be gone once it is in there.
    const std::shared_ptr<completion_queue<T>> to = std::move(self.to);
    to->put(self);
    if (const std::coroutine_handle<> next = of.leave_unlisted(now)) next.resume();
  }
};

// Gives back a claim that came to nothing, because its owner was stopped.
template <class T>
class completion_claim {
 public:
  explicit completion_claim(completion_queue<T>& of) noexcept : of_(of), is_held_(of.claim()) {}
  completion_claim(const completion_claim&) = delete;
  completion_claim& operator=(const completion_claim&) = delete;
  ~completion_claim() {
    if (is_held_) of_.expect();
  }
  [[nodiscard]] bool is_held() const noexcept { return is_held_; }
  [[nodiscard]] std::unique_ptr<completion<T>> use() noexcept {
    is_held_ = false;
    return of_.take();
  }

 private:
  completion_queue<T>& of_;
  bool is_held_;
};

template <class T>
task<std::optional<outcome<T>>> next_completion(std::shared_ptr<completion_queue<T>> from) {
  completion_claim<T> claim(*from);
  if (!claim.is_held()) {
    co_await stop_point_operation();
    co_return std::nullopt;
  }
  semaphore_permit came = co_await from->came().acquire();
  came.forget();
  // From here on nothing waits: a stop cannot come between the end and its taker.
  co_return std::move(claim.use()->end);
}

}  // namespace detail

template <class T = void>
class completions {
 public:
  explicit completions(task_group& group)
      : group_(group),
        queue_(std::make_shared<detail::completion_queue<T>>(group.core().home().unhandled())) {}

  // As task_group::spawn; the callable gives a task<T>. False: refused, and no end will come of it.
  template <class F, class... Args>
    requires detail::spawnable<F, Args...> && std::is_same_v<detail::spawned_value<F, Args...>, T>
  bool spawn(F&& function, Args&&... arguments) {
    return start(spawn_mark(), std::forward<F>(function), std::forward<Args>(arguments)...);
  }
  template <std::same_as<named> Label, class F, class... Args>
    requires detail::spawnable<F, Args...> && std::is_same_v<detail::spawned_value<F, Args...>, T>
  bool spawn(Label label, F&& function, Args&&... arguments) {
    return start(spawn_mark(std::move(label)), std::forward<F>(function), std::forward<Args>(arguments)...);
  }

  // The next end; empty when all ends are taken (or waited for by others) and nothing runs that could give one.
  [[nodiscard]] WEFT_CORO_KEEPS task<std::optional<outcome<T>>> next() {
    return detail::next_completion<T>(queue_);
  }

  // Children whose ends nobody has taken or waits for; a hint.
  [[nodiscard]] std::size_t size() const noexcept { return queue_->unclaimed(); }

 private:
  template <class F, class... Args>
  bool start(spawn_mark mark, F&& function, Args&&... arguments) {
    using child = detail::completing_child<T, detail::kept_call<std::decay_t<F>, std::decay_t<Args>...>>;
    auto made = std::unique_ptr<child>(new child(
        group_.core(), queue_, std::move(mark), std::forward<F>(function), std::forward<Args>(arguments)...));
    return detail::launch(group_.core(), std::move(made));
  }

  task_group& group_;
  std::shared_ptr<detail::completion_queue<T>> queue_;
};

}  // namespace weft::inline WEFT_ABI
