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
// stopped is no error. request_stop() ends the group early, without an error; close() only refuses newcomers.
// Results in the order in which children end: weft/completions.h.
//
// A plain task_group object is for owners that are no coroutines (a server's connections): it must be joined
// before it dies. Inside a coroutine take with_task_group: a destructor cannot await.
//
// Thread safety: spawn, start, close, request_stop and size from any thread; of with_task_group's group only
// while the body or a child runs, of a plain one while the object lives.
// Stop: an outside stop is forwarded to the body and the children; the caller is unwound when all have ended.
// Cost of a child: one allocation besides its frame, a lock, O(1). An error needs no memory until it is
// thrown, but for its async stack.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include "weft/detail/current_scope.h"
#include "weft/detail/group_awaiter.h"
#include "weft/detail/group_child.h"
#include "weft/detail/group_core.h"
#include "weft/detail/group_fork.h"
#include "weft/detail/group_start.h"
#include "weft/detail/held.h"
#include "weft/detail/spawned.h"
#include "weft/error_group.h"
#include "weft/named.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

class runtime;
template <class T>
class completions;

class task_group {
 public:
  // For owners that are no coroutines; see join().
  explicit task_group(runtime& on);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  // Starts a child. Arguments are moved or copied in, and passed on as rvalues (std::ref for a reference).
  // False: the group is stopping, has failed, was closed or joined; callable and arguments are destroyed,
  // nothing runs. Throws what making them and the coroutine throws (std::bad_alloc): then there is no child.
  template <class F>
    requires detail::spawnable<F>
  bool spawn(F&& function, std::source_location where = std::source_location::current()) {
    return detail::launch(core(), make_child(spawn_mark(where), std::forward<F>(function)));
  }
  template <class F, class First, class... Rest>
    requires detail::spawnable<F, First, Rest...>
  bool spawn(F&& function, First&& first, Rest&&... rest) {
    return detail::launch(core(), make_child(spawn_mark(), std::forward<F>(function),
                                             std::forward<First>(first), std::forward<Rest>(rest)...));
  }
  // The same, with a name and a place for errors: see weft/named.h.
  template <std::same_as<named> Label, class F, class... Args>
    requires detail::spawnable<F, Args...>
  bool spawn(Label label, F&& function, Args&&... arguments) {
    return detail::launch(core(), make_child(spawn_mark(std::move(label)), std::forward<F>(function),
                                             std::forward<Args>(arguments)...));
  }

  // Starts a child at once, on this worker, in the place of the caller: what is left of the caller waits meanwhile, and
  // is taken by whichever worker is free first, so that both run at the same time. A loop that forks a million children
  // has as many of them alive as are under way; one that spawns them has all of them in a queue.
  //
  //     for (const auto& file : files) co_await group.fork(index, file);
  //
  // Arguments, what is thrown and false as for spawn(). The child has ended or waits for something when the caller goes
  // on, unless another worker took the caller; on another runtime than the group's it is a spawn().
  // Stop: no stop point. Called by a coroutine. Cost: spawn()'s without its way through a queue of ready tasks.
  template <class F, class... Args>
    requires(detail::spawnable<F, Args...> && !std::same_as<std::decay_t<F>, named>)
  [[nodiscard]] auto fork(F&& function, Args&&... arguments) {
    using child = child_of<F, Args...>;
    return detail::group_fork_operation<child>(
        core(), make_child(spawn_mark(), std::forward<F>(function), std::forward<Args>(arguments)...));
  }
  // The same, with a name and a place for errors.
  template <std::same_as<named> Label, class F, class... Args>
    requires detail::spawnable<F, Args...>
  [[nodiscard]] auto fork(Label label, F&& function, Args&&... arguments) {
    using child = child_of<F, Args...>;
    return detail::group_fork_operation<child>(
        core(), make_child(spawn_mark(std::move(label)), std::forward<F>(function),
                           std::forward<Args>(arguments)...));
  }

  // Starts a child that says when it is ready: `function` gets a started<T> before the other arguments. Gives
  // the value that the child hands to it; the child goes on in the group.
  //
  //     int port = co_await group.start<int>(serve, options);   // task<> serve(weft::started<int>, options)
  //
  // A child that fails before it is ready fails start(), not the group: its error is thrown here. One that
  // ends without being ready: std::logic_error. stopped_error: the child was stopped first, or the group
  // refused it.
  // Stop: a stop point; a child that is not ready by then is stopped too.
  template <class T = void, class F, class... Args>
    requires detail::spawnable<F, started<T>, Args...>
  [[nodiscard]] WEFT_CORO_KEEPS task<T> start(F&& function, Args&&... arguments) {
    using call = detail::kept_call<std::decay_t<F>, started<T>, std::decay_t<Args>...>;
    auto state = std::make_shared<detail::start_state<T>>();
    call kept(std::forward<F>(function), started<T>(state), std::forward<Args>(arguments)...);
    return detail::start_in<T>(*this, std::move(state), detail::held<call>(std::move(kept)));
  }

  // No further children; those who are in go on. Idempotent; any thread.
  void close() noexcept { core().close(); }

  // Asks the body and all children to stop, now and once; no error. Later spawns are refused.
  void request_stop() noexcept { core().request_stop(); }

  // Children that have not ended; a hint.
  [[nodiscard]] std::size_t size() const noexcept { return core().size(); }

  // Of a plain group: waits for all children, those that they spawn included, and throws what they threw.
  // Once the last one has ended, spawn() refuses. A stop point: a stopped joiner has not joined; stopping the
  // runtime ends the children all the same.
  [[nodiscard]] task<> join();

 private:
  template <class T, class Group>
  friend class detail::group_awaiter;
  template <class T>
  friend class completions;

  template <class F, class... Args>
  using child_of = detail::group_child<detail::spawned_value<F, Args...>,
                                       detail::kept_call<std::decay_t<F>, std::decay_t<Args>...>>;
  template <class F, class... Args>
  [[nodiscard]] std::unique_ptr<child_of<F, Args...>> make_child(spawn_mark mark, F&& function,
                                                                 Args&&... arguments) {
    return std::unique_ptr<child_of<F, Args...>>(new child_of<F, Args...>(
        core(), std::move(mark), std::forward<F>(function), std::forward<Args>(arguments)...));
  }

  struct standalone;

  explicit task_group(detail::group_core& of) noexcept : core_(&of) {}
  [[nodiscard]] detail::group_core& core() const noexcept { return *core_; }

  detail::group_core* core_;
  standalone* own_ = nullptr;  // of a plain group
};

namespace detail {

template <class MakeBody>
using body_value = task_value<std::invoke_result_t<MakeBody&, task_group&>>;

template <class MakeBody>
task<body_value<MakeBody>> run_group(held<MakeBody> make_body) {
  // Before the awaiter is suspended: the group spawns already while the body is made.
  const rt::scope& own = co_await current_scope_operation();
  co_return co_await group_operation<body_value<MakeBody>, task_group, MakeBody>(*make_body, own.inherited());
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
