// The same three calls, six times. Only the order of starting and awaiting differs, and with it the time.
//
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "programs.h"

namespace article {

// co_await starts a call and waits until it has ended. Nothing overlaps: the times add up.
weft::task<answers> three_awaits_in_a_row(http_session& api) {
  answers all;
  all.push_back(co_await api.get(weather));
  all.push_back(co_await api.get(news));
  all.push_back(co_await api.get(quotes));
  co_return all;
}

// Start all of them, then await: the time of the slowest.
weft::task<answers> three_by_spawn(http_session& api) {
  auto first = weft::spawn(api.get(weather));  // runs from here on
  auto second = weft::spawn(api.get(news));
  auto third = weft::spawn(api.get(quotes));
  answers all;
  all.push_back(co_await first);
  all.push_back(co_await second);
  all.push_back(co_await third);
  co_return all;
}

// The same in one line, and if one fails the others are stopped.
weft::task<answers> three_by_when_all(http_session& api) {
  auto [first, second, third] = co_await weft::when_all(api.get(weather), api.get(news), api.get(quotes));
  answers all;
  all.push_back(std::move(first));
  all.push_back(std::move(second));
  all.push_back(std::move(third));
  co_return all;
}

// Each answer as soon as it is there: the quickest first, whatever its place among the arguments.
weft::task<answers> three_by_as_completed(http_session& api) {
  std::vector<weft::task<std::string>> calls;
  calls.push_back(api.get(weather));  // a task: made here, and not yet started
  calls.push_back(api.get(news));
  calls.push_back(api.get(quotes));
  answers all;
  co_await weft::as_completed(std::move(calls),
                              [&](std::string answer) { all.push_back(std::move(answer)); });
  co_return all;
}

// Structured: the block is left only when every child has ended, so each may write into what is outside.
weft::task<answers> three_by_task_group(http_session& api) {
  answers all(3);
  const auto fetch_into = [&api](const char* target, std::string& answer) -> weft::task<> {
    answer = co_await api.get(target);
  };
  co_await weft::with_task_group([&](weft::task_group& group) -> weft::task<> {
    group.spawn(fetch_into, weather, std::ref(all[0]));
    group.spawn(fetch_into, news, std::ref(all[1]));
    group.spawn(fetch_into, quotes, std::ref(all[2]));
    co_return;
  });
  co_return all;
}

// The first mistake in disguise: each task is awaited before the next one is made, so there is only ever one.
weft::task<answers> three_spawned_too_late(http_session& api) {
  answers all;
  for (const char* target : {weather, news, quotes}) {
    auto call = weft::spawn(api.get(target));
    all.push_back(co_await call);
  }
  co_return all;
}

}  // namespace article
