// runtime: workers, a reactor and two thread pools, with an orderly end.
//
//     int main() { return weft::run(program()); }
//
//     weft::runtime rt({.workers = 4});          // embedded: as many as you like, no global state
//     auto handle = rt.spawn(serve, 8080);
//     int answer = rt.block_on(ask());
//
// Thread safety: spawn() and block_on() from any thread. Destruction by one thread, which is not a worker.
// Errors: the constructor throws std::invalid_argument for options that cannot be meant (zero workers), and
// std::system_error when the system has no thread or descriptor to give.
// The end: the destructor (or stop()) refuses new tasks, asks all running ones to stop, waits for them
// (clean-up included), runs or refuses what is queued on the pools, and joins its threads. A task that never
// waits and never looks at its stop token is waited for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <condition_variable>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "weft/rt/engine.h"
#include "weft/runtime_stats.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

using runtime_options = rt::options;
using unhandled_error = rt::unhandled_error;
using blocked_worker = rt::blocked_worker;
using dump_options = rt::dump_options;

namespace detail {

void check_may_block();

// Looks at the word for about as long as it takes to be put to sleep and woken again, while there is a core for it.
void spin_until(const rt::atomic<bool>& is_over, const rt::engine& that_works_on_it) noexcept;

// A task whose end a thread waits for. Lives on that thread's stack.
template <class T>
struct blocked_on : rt::roster::member {
  std::mutex lock;
  std::condition_variable changed;
  rt::atomic<bool> has_ended{false};  // written under the lock; a look without it decides nothing

  ~blocked_on() {
    if (root != nullptr) root->handle().destroy();
  }

  T run(rt::engine& home, promise<T>* coroutine) {
    begin(*coroutine, home.root_context(), nullptr, &on_end);
    if (!home.admit(*this)) WEFT_THROW(stopped_error());
    home.spawn(*this);
    spin_until(has_ended, home);
    {
      std::unique_lock<std::mutex> guard(lock);
      changed.wait(guard, [this] { return has_ended.load(std::memory_order_relaxed); });
    }
    if (root == nullptr) WEFT_THROW(stopped_error());
    return static_cast<promise<T>*>(root)->result.take();
  }

 private:
  static std::coroutine_handle<> on_end(rt::scope& self, rt::turn& now, rt::ending) noexcept {
    self.run = &ended_job;
    now.epilogue = &self;
    return std::noop_coroutine();
  }
  static void ended_job(rt::job& job, rt::turn&) noexcept {
    auto& self = static_cast<blocked_on&>(static_cast<rt::scope&>(job));
    self.home().leave(self);
    // Notified under the lock: the waiter frees us as soon as it has it.
    const std::lock_guard<std::mutex> guard(self.lock);
    self.has_ended.store(true, std::memory_order_relaxed);
    self.changed.notify_one();
  }
};

}  // namespace detail

class runtime {
 public:
  explicit runtime(const runtime_options& options = {}) : engine_(options) {}
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  // As weft::spawn, from any thread.
  template <class F>
    requires detail::spawnable<F>
  join_handle<detail::spawned_value<F>> spawn(F&& function,
                                              std::source_location where = std::source_location::current()) {
    return detail::spawn_on(engine_, spawn_mark(where), std::forward<F>(function));
  }
  template <class F, class First, class... Rest>
    requires detail::spawnable<F, First, Rest...>
  join_handle<detail::spawned_value<F, First, Rest...>> spawn(F&& function, First&& first, Rest&&... rest) {
    return detail::spawn_on(engine_, spawn_mark(), std::forward<F>(function), std::forward<First>(first),
                            std::forward<Rest>(rest)...);
  }
  template <std::same_as<named> Label, class F, class... Args>
    requires detail::spawnable<F, Args...>
  join_handle<detail::spawned_value<F, Args...>> spawn(Label label, F&& function, Args&&... arguments) {
    return detail::spawn_on(engine_, spawn_mark(std::move(label)), std::forward<F>(function),
                            std::forward<Args>(arguments)...);
  }
  template <class T>
  join_handle<T> spawn(task<T> coroutine WEFT_LIFETIMEBOUND,
                       std::source_location where = std::source_location::current()) {
    return detail::spawn_on(engine_, spawn_mark(where), std::move(coroutine));
  }
  template <class T>
  join_handle<T> spawn(named label, task<T> coroutine WEFT_LIFETIMEBOUND) {
    return detail::spawn_on(engine_, spawn_mark(std::move(label)), std::move(coroutine));
  }

  // Runs the task on the workers and blocks the calling thread until it has ended. Throws what the task
  // throws; stopped_error when the runtime was stopped meanwhile; std::logic_error on a worker (of any
  // runtime), where blocking would take the thread away from other tasks: co_await there.
  // Cost: the caller spins for 50 µs at most, where the workers leave it a core, and then sleeps. So a task that is over
  // by then costs some microseconds, and any other one two wake-ups across cores.
  template <class T>
  T block_on(task<T> coroutine) {
    detail::check_may_block();
    detail::blocked_on<T> root;
    return root.run(engine_, coroutine.release());
  }
  template <detail::awaitable_of_ours A>
    requires(!detail::is_task<std::remove_cvref_t<A>>)
  auto block_on(A described) {
    return block_on(detail::as_task(std::move(described)));
  }

  // The orderly end, ahead of the destructor. Idempotent.
  void stop() noexcept { engine_.stop(); }

  // What goes on in this runtime, as text for people (docs/debugging.md): workers, queues, timers, descriptors, pools, counts,
  // and every live task with its awaits and what it waits for. The form is no promise.
  //
  //     std::puts(rt.dump().c_str());
  //
  // From any thread, also from a task, several times at once, and while another thread is in stop(). All workers are
  // asked to stand still between two jobs meanwhile. One that does not within `patience` is named, with the coroutine
  // that its job resumed, and the tasks are then counted instead of walked. Throws std::bad_alloc.
  // Cost: wakes every worker and holds all of them up meanwhile; O(frames of the tasks written). Without a call: a load
  // a turn, and a store where a coroutine is entered.
  [[nodiscard]] std::string dump(const dump_options& how = {}) { return engine_.dump(how); }

  // What this runtime has done so far: spawns, forks, steals, parks, wakes and more, for each worker and in all. See
  // weft/runtime_stats.h.
  //
  // From any thread, at any time, also from a task and after stop(). Throws std::bad_alloc.
  // Cost: some loads a worker; disturbs none.
  [[nodiscard]] runtime_stats stats() const { return engine_.stats(); }

  [[nodiscard]] std::size_t worker_count() const noexcept { return engine_.worker_count(); }

  // For what is built on a runtime inside this library.
  [[nodiscard]] rt::engine& engine() noexcept { return engine_; }

 private:
  rt::engine engine_;
};

// A runtime, the task, an orderly end. Returns the task's result; 0 for a task without one, so that main can
// return it. Throws as block_on does.
template <class T>
auto run(task<T> coroutine, const runtime_options& options = {}) {
  runtime own(options);
  if constexpr (std::is_void_v<T>) {
    own.block_on(std::move(coroutine));
    return 0;
  } else {
    return own.block_on(std::move(coroutine));
  }
}

}  // namespace weft::inline WEFT_ABI
