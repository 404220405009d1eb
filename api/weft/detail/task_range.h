// What may be handed to a join as a range: anything that can be read once and whose elements are tasks, or
// other things of ours that can be awaited.
//
// The tasks are taken at the call, so that nothing of the range has to outlive it. A vector of tasks is moved
// as it is; elements of any other range are moved out of it, one by one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/task.h"

namespace weft::inline WEFT_ABI::detail {

template <class Range>
using range_element = std::remove_cvref_t<std::ranges::range_reference_t<Range>>;

template <class Range>
concept range_of_awaitables = std::ranges::input_range<Range> && awaitable_of_ours<range_element<Range>>;

// What the tasks of a range give.
template <range_of_awaitables Range>
using range_value = await_result<range_element<Range>>;

// Calls `put` with each element as a task, in order.
template <range_of_awaitables Range, class Put>
void hand_over_tasks(Range&& range, Put put) {
  using reference = std::ranges::range_reference_t<Range>;
  static_assert(!std::is_const_v<std::remove_reference_t<reference>>, "tasks that are const cannot be moved");
  static_assert(!std::is_lvalue_reference_v<Range> || !std::is_lvalue_reference_v<reference>,
                "a range hands its tasks over: write std::move(tasks)");
  for (auto&& each : range) put(as_task(static_cast<range_element<Range>&&>(each)));
}

template <range_of_awaitables Range>
std::vector<task<range_value<Range>>> tasks_of(Range&& range) {
  using tasks = std::vector<task<range_value<Range>>>;
  if constexpr (std::is_same_v<Range, tasks>) {
    return std::move(range);
  } else {
    tasks all;
    if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(range));
    hand_over_tasks(std::forward<Range>(range),
                    [&all](task<range_value<Range>> each) { all.push_back(std::move(each)); });
    return all;
  }
}

}  // namespace weft::inline WEFT_ABI::detail
