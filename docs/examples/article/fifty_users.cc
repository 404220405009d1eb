// A semaphore keeps a quick client polite: fifty users at once, of whom ten are being asked for.
//
// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <utility>

#include "programs.h"

namespace article {
namespace {

weft::task<std::string> get_user(http_session& api, weft::semaphore& limiter, int id) {
  const auto permit = co_await limiter.acquire();  // goes back when the scope is left, on whatever way
  co_return co_await api.get("/user/" + std::to_string(id));
}

}  // namespace

weft::task<answers> fifty_users_by_semaphore(http_session& api) {
  weft::semaphore limiter{allowed_at_once};
  std::vector<weft::task<std::string>> users;
  for (int id = 1; id <= user_count; ++id) users.push_back(get_user(api, limiter, id));
  co_return co_await weft::when_all(std::move(users));
}

// The same as one call.
weft::task<answers> fifty_users_by_for_each(http_session& api) {
  std::vector<int> ids(user_count);
  std::iota(ids.begin(), ids.end(), 1);
  co_return co_await weft::for_each_concurrent(
      std::move(ids), allowed_at_once, [&](int id) { return api.get("/user/" + std::to_string(id)); });
}

}  // namespace article
