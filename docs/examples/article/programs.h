// The article's programs. Each is a coroutine that calls the slow API through a shared session and returns
// the answers. They are written the way one writes such code; measuring and checking them is measure.h's
// business.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "http_session.h"
#include "weft/weft.h"

namespace article {

using answers = std::vector<std::string>;

// Three calls that do not depend on each other, six ways to await them. The slowest takes half a second.
inline constexpr const char* weather = "/slow/weather?ms=500";
inline constexpr const char* news = "/slow/news?ms=460";
inline constexpr const char* quotes = "/slow/quotes?ms=480";

weft::task<answers> three_awaits_in_a_row(http_session& api);
weft::task<answers> three_by_spawn(http_session& api);
weft::task<answers> three_by_when_all(http_session& api);
weft::task<answers> three_by_as_completed(http_session& api);
weft::task<answers> three_by_task_group(http_session& api);
weft::task<answers> three_spawned_too_late(http_session& api);

// Fifty users, from an API that allows ten requests at once.
inline constexpr int user_count = 50;
inline constexpr int allowed_at_once = 10;

weft::task<answers> fifty_users_by_semaphore(http_session& api);
weft::task<answers> fifty_users_by_for_each(http_session& api);

// Three users, and each one's settings: a call that needs the answer of the one before it.
weft::task<answers> settings_of_three_users(http_session& api);

}  // namespace article
