// SPDX-License-Identifier: Apache-2.0
#include "slow_api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "flat_json.h"
#include "http_connection.h"

namespace article {
namespace {

constexpr int longest_sleep_ms = 10'000;

// The 17 of "/user/17", after "/user/". Nothing: the text begins otherwise, or goes on with something else.
std::optional<int> number_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return {};
  const char* const begin = text.data() + prefix.size();
  const char* const end = text.data() + text.size();
  int value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || value < 0 || value > 1'000'000) return {};
  return value;
}

// The weather of "/slow/weather", and nothing that JSON would want quoted.
std::optional<std::string_view> plain_name_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix) || text.size() == prefix.size()) return {};
  const std::string_view name = text.substr(prefix.size());
  if (!std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; })) return {};
  return name;
}

std::string user_json(int id) {
  // The number of the settings cannot be guessed from the user's: whoever wants them must ask for the user
  // first.
  return flat_json()
      .add("id", id)
      .add("name", "user " + std::to_string(id))
      .add("settings", 1000 + id * 7919 % 997)
      .text();
}

std::string settings_json(int id) {
  return flat_json().add("id", id).add("theme", id % 2 == 0 ? "light" : "dark").text();
}

std::string stats_json(const request_count::totals& totals) {
  return flat_json()
      .add("requests", totals.requests)
      .add("most_in_flight", totals.most_in_flight)
      .add("connections", totals.connections)
      .text();
}

std::string error_json(std::string_view why) {
  return flat_json().add("error", why).text();
}

std::string as_http(int status, const std::string& body, bool keeps_alive) {
  return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Refused") +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         (keeps_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n") + body;
}

}  // namespace

weft::task<> slow_api::serve(weft::tcp_listener listener) {
  co_await weft::with_task_group([&](weft::task_group& conversations) -> weft::task<> {
    for (;;) {
      weft::tcp_stream stream = co_await listener.accept();
      conversations.spawn([this](weft::tcp_stream client) { return converse(std::move(client)); },
                          std::move(stream));
    }
  });
}

// No error leaves it: one in a child of a group stops the others, and a client that hangs up is no reason.
weft::task<> slow_api::converse(weft::tcp_stream stream) {
  count_.add_connection();
  http_connection connection(std::move(stream));
  std::string refusal;
  try {
    bool keeps_alive = true;
    while (keeps_alive) {
      http_message request(http_message::kind::request, http_limits{.head = 8 * 1024, .body = 0});
      const bool has_request = co_await connection.read(request);
      if (!has_request) co_return;
      keeps_alive = request.keeps_alive();
      const reply answered = co_await answer(request);
      co_await connection.write(as_http(answered.status, answered.body, keeps_alive));
    }
  } catch (const http_error& error) {
    refusal = as_http(error.status(), error_json(error.what()), false);
  } catch (const std::system_error&) {
    // The client is gone.
  }
  if (refusal.empty()) co_return;
  try {
    co_await connection.write(std::move(refusal));  // here, because a handler cannot await
  } catch (const std::system_error&) {
    // The client does not even wait for it.
  }
}

weft::task<slow_api::reply> slow_api::answer(const http_message& request) {
  const std::string_view target = request.target();
  const std::size_t path_size = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, path_size);
  const std::string_view query = target.substr(path_size);

  if (request.method() == "POST" && path == "/stats/reset") {
    count_.reset();
    co_return reply(200, "{}");
  }
  if (request.method() != "GET") co_return reply(404, error_json("no such route"));
  if (path == "/stats") co_return reply(200, stats_json(count_.read()));

  std::chrono::milliseconds takes{0};
  std::string body;
  if (const auto user = number_after("/user/", path)) {
    takes = user_takes;
    body = user_json(*user);
  } else if (const auto settings = number_after("/settings/", path)) {
    takes = settings_take;
    body = settings_json(*settings);
  } else if (const auto name = plain_name_after("/slow/", path)) {
    const auto ms = number_after("?ms=", query);
    if (!ms || *ms > longest_sleep_ms) co_return reply(400, error_json("ask for /slow/name?ms=500"));
    takes = std::chrono::milliseconds(*ms);
    body = flat_json().add("name", *name).add("slept_ms", *ms).text();
  } else {
    co_return reply(404, error_json("no such route"));
  }

  // Counted out before the answer leaves: a client that has it may send its next request at once, and to
  // count both as in flight together would accuse it wrongly.
  {
    const request_count::in_flight counted(count_);
    co_await weft::sleep_for(takes);
  }
  co_return reply(200, std::move(body));
}

}  // namespace article
