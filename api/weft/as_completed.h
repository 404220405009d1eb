// as_completed: each result as soon as it is there.
//
//     co_await weft::as_completed(std::move(tasks), [&](page p) { use(p); });
//
// All tasks are started at once; `fn` is called in the caller's chain, one result after the other, in the
// order in which the tasks end. It may be a coroutine: it is awaited before the next call. For task<void> it
// takes no argument. No tasks: nothing is called.
//
// Errors: the first error, of a task or of `fn`, asks all others to stop; when all have ended it is thrown
// (several: error_group).
// Stop: forwarded to the tasks and to `fn`; the caller is unwound when all have ended.
// Cost: a frame and a block a task.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/detail/held.h"
#include "weft/detail/wait_queue.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/task_group.h"
#include "weft/when_all.h"

namespace weft::inline WEFT_ABI {

namespace detail {

// Results on their way to one consumer, in the order in which they came.
template <class T>
class arrivals {
 public:
  void put(value_or_monostate<T> value) {
    {
      const rt::lock_guard<rt::mutex> guard(lock_);
      values_.push_back(std::move(value));
    }
    count_.add_permits(1);
  }
  [[nodiscard]] task<value_or_monostate<T>> take() {
    semaphore_permit one = co_await count_.acquire();
    one.forget();
    const rt::lock_guard<rt::mutex> guard(lock_);
    value_or_monostate<T> first = std::move(values_.front());
    values_.pop_front();
    co_return first;
  }

 private:
  rt::mutex lock_;
  std::deque<value_or_monostate<T>> values_;  // guarded by lock_
  semaphore count_{0};
};

template <class T>
task<> arrive_at(arrivals<T>* done, task<T> one) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(one);
    done->put({});
  } else {
    T value = co_await std::move(one);
    done->put(std::move(value));
  }
}

template <class F, class... Args>
task<> call_and_await(F& fn, Args&&... arguments) {
  if constexpr (is_task<std::invoke_result_t<F&, Args&&...>>) {
    co_await std::invoke(fn, std::forward<Args>(arguments)...);
  } else {
    std::invoke(fn, std::forward<Args>(arguments)...);
    co_return;
  }
}

template <class T, class F>
task<> run_as_completed(std::vector<task<T>> tasks, held<F> fn) {
  arrivals<T> done;
  co_await with_task_group([&done, &tasks, &fn](task_group& group) -> task<> {
    for (task<T>& each : tasks) group.spawn(&arrive_at<T>, &done, std::move(each));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      value_or_monostate<T> next = co_await done.take();
      if constexpr (std::is_void_v<T>) {
        co_await call_and_await(*fn);
      } else {
        co_await call_and_await(*fn, std::move(next));
      }
    }
  });
}

}  // namespace detail

template <class T, class F>
[[nodiscard]] WEFT_CORO_WRAPPER task<> as_completed(std::vector<task<T>> tasks, F fn) {
  static_assert(!std::is_reference_v<T>, "results are kept on their way: let the tasks return pointers");
  return detail::run_as_completed<T, F>(std::move(tasks), detail::held<F>(std::move(fn)));
}

}  // namespace weft::inline WEFT_ABI
