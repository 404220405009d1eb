// Sequential where one call needs the answer of another, concurrent where it does not.
//
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "flat_json.h"
#include "programs.h"

namespace article {
namespace {

// Two awaits in a row, and rightly so: the user's answer says which settings to ask for.
weft::task<std::string> settings_of(http_session& api, int id) {
  const std::string user = co_await api.get("/user/" + std::to_string(id));
  const int settings = number_in(user, "settings").value();
  co_return co_await api.get("/settings/" + std::to_string(settings));
}

}  // namespace

// The users have nothing to do with each other.
weft::task<answers> settings_of_three_users(http_session& api) {
  std::vector<weft::task<std::string>> users;
  for (int id = 1; id <= 3; ++id) users.push_back(settings_of(api, id));
  co_return co_await weft::when_all(std::move(users));
}

}  // namespace article
