// as_completed: each result as soon as it is there.
//
//     co_await weft::as_completed(std::move(tasks), [&](page p) { use(p); });
//     co_await weft::as_completed(load_user(id), load_orders(id), [&](auto loaded) { show(loaded); });
//
// All tasks are started at once; `fn` is called in the caller's chain, one result after the other, in the
// order in which the tasks end. It may be a coroutine: it is awaited before the next call. For task<void> it
// takes no argument, for task<T&> a T&. The tasks are a range (any that can be read once; they are moved out
// of it at the call), or so many arguments, whose types may differ if `fn` takes each. Other operations of
// ours may stand in place of tasks. An empty range: nothing is called.
//
// Thread safety: the tasks may run on any workers of the caller's runtime; `fn` is never called twice at the
// same time.
// Errors: the first error, of a task or of `fn`, asks all others to stop; when all have ended it is thrown
// (several: error_group). Results that `fn` has not seen by then are dropped.
// Stop: forwarded to the tasks and to `fn`; the caller is unwound when all have ended.
// Cost: a frame and a block a task.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/detail/call.h"
#include "weft/detail/held.h"
#include "weft/detail/kept_value.h"
#include "weft/detail/task_range.h"
#include "weft/rt/base/atomic.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/task_group.h"

namespace weft::inline WEFT_ABI {

namespace detail {

// Results on their way to one consumer, in the order in which they came. `Arrival` is a variant of what the
// tasks give, by their place among the arguments.
template <class Arrival>
class arrivals {
 public:
  void put(Arrival came) {
    {
      const rt::lock_guard<rt::mutex> guard(lock_);
      values_.push_back(std::move(came));
    }
    count_.add_permits(1);
  }
  [[nodiscard]] task<Arrival> take() {
    semaphore_permit one = co_await count_.acquire();
    one.forget();
    const rt::lock_guard<rt::mutex> guard(lock_);
    Arrival first = std::move(values_.front());
    values_.pop_front();
    co_return first;
  }

 private:
  rt::mutex lock_;
  std::deque<Arrival> values_;  // guarded by lock_
  semaphore count_{0};
};

template <std::size_t I, class Arrival, class T>
task<> arrive_at(arrivals<Arrival>* done, task<T> one) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(one);
    done->put(Arrival(std::in_place_index<I>));
  } else {
    decltype(auto) value = co_await std::move(one);
    done->put(Arrival(std::in_place_index<I>, static_cast<T&&>(value)));
  }
}

// Calls `fn` with what the I-th task, of type T, gave.
template <std::size_t I, class T, class Arrival, class F>
task<> hand_over(F& fn, Arrival& came) {
  const auto told = [&]() WEFT_CORO_WRAPPER -> decltype(auto) {
    if constexpr (std::is_void_v<T>) {
      return call(fn);
    } else {
      return call(fn, static_cast<T&&>(*std::get_if<I>(&came)));
    }
  };
  if constexpr (awaitable_of_ours<decltype(told())>) {
    static_cast<void>(co_await told());
  } else {
    static_cast<void>(told());
    co_return;
  }
}

template <class T, class F>
task<> run_as_completed(std::vector<task<T>> tasks, held<F> fn) {
  using arrival = std::variant<kept_value<T>>;
  arrivals<arrival> done;
  co_await with_task_group([&done, &tasks, &fn](task_group& group) -> task<> {
    for (task<T>& each : tasks) group.spawn(&arrive_at<0, arrival, T>, &done, std::move(each));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      arrival next = co_await done.take();
      co_await hand_over<0, T>(*fn, next);
    }
  });
}

template <class F, class... Ts, std::size_t... I>
task<> run_as_completed(std::tuple<task<Ts>...> tasks, held<F> fn, std::index_sequence<I...>) {
  using arrival = std::variant<kept_value<Ts>...>;
  using hand_over_fn = task<> (*)(F&, arrival&);
  static constexpr hand_over_fn by_index[] = {&hand_over<I, Ts, arrival, F>...};
  arrivals<arrival> done;
  co_await with_task_group([&done, &tasks, &fn](task_group& group) -> task<> {
    (group.spawn(&arrive_at<I, arrival, Ts>, &done, std::move(std::get<I>(tasks))), ...);
    for (std::size_t i = 0; i < sizeof...(I); ++i) {
      arrival next = co_await done.take();
      co_await by_index[next.index()](*fn, next);
    }
  });
}

// Tasks, and last of all what is no task.
template <class Arguments, class Indices>
inline constexpr bool are_tasks_and_fn = false;
template <class... Args, std::size_t... I>
  requires(sizeof...(Args) == sizeof...(I) + 1)
inline constexpr bool are_tasks_and_fn<std::tuple<Args...>, std::index_sequence<I...>> =
    (awaitable_of_ours<std::tuple_element_t<I, std::tuple<Args...>>> && ...) &&
    !awaitable_of_ours<std::tuple_element_t<sizeof...(I), std::tuple<Args...>>>;

template <class... Args, std::size_t... I>
WEFT_CORO_WRAPPER task<> start_as_completed(std::tuple<Args&...> all, std::index_sequence<I...> each) {
  auto& fn = std::get<sizeof...(I)>(all);
  using function = std::remove_reference_t<decltype(fn)>;
  return run_as_completed(std::tuple(as_task(std::move(std::get<I>(all)))...), held<function>(std::move(fn)),
                          each);
}

}  // namespace detail

template <detail::range_of_awaitables Range, class F>
[[nodiscard]] WEFT_CORO_KEEPS task<> as_completed(Range&& tasks, F fn) {
  return detail::run_as_completed(detail::tasks_of(std::forward<Range>(tasks)),
                                  detail::held<F>(std::move(fn)));
}

// The tasks, then `fn`.
template <class... Args>
  requires(sizeof...(Args) >= 2 &&
           detail::are_tasks_and_fn<std::tuple<Args...>, std::make_index_sequence<sizeof...(Args) - 1>>)
[[nodiscard]] WEFT_CORO_WRAPPER task<> as_completed(Args... tasks_then_fn) {
  return detail::start_as_completed(std::tuple<Args&...>(tasks_then_fn...),
                                    std::make_index_sequence<sizeof...(Args) - 1>());
}

}  // namespace weft::inline WEFT_ABI
