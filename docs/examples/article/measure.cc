// SPDX-License-Identifier: Apache-2.0
#include "measure.h"

#include <algorithm>
#include <utility>

#include "flat_json.h"

namespace article {
namespace {

// Times are judged in words only. Fifteen per cent: for the way there and back, on a machine with other work.
constexpr double tolerance = 1.15;

const answers three_calls{
    R"({"name":"weather","slept_ms":500})",
    R"({"name":"news","slept_ms":460})",
    R"({"name":"quotes","slept_ms":480})",
};

// The numbers are what the server has for users 1, 2 and 3. No program can know them before it has asked.
const answers three_settings{
    R"({"id":1940,"theme":"light"})",
    R"({"id":1883,"theme":"dark"})",
    R"({"id":1826,"theme":"light"})",
};

std::string difference(const answers& got, const answers& wanted) {
  if (got.size() != wanted.size()) return std::to_string(got.size()) + " answers";
  const auto [first, expected] = std::ranges::mismatch(got, wanted);
  if (first == got.end()) return {};
  return "got " + *first + " for " + *expected;
}

}  // namespace

std::string three_in_order(const answers& all) {
  return difference(all, three_calls);
}

std::string three_in_any_order(const answers& all) {
  answers got = all;
  answers wanted = three_calls;
  std::ranges::sort(got);
  std::ranges::sort(wanted);
  return difference(got, wanted);
}

std::string fifty_in_order(const answers& all) {
  if (all.size() != static_cast<std::size_t>(user_count)) return std::to_string(all.size()) + " answers";
  for (int id = 1; id <= user_count; ++id) {
    const std::string& user = all[static_cast<std::size_t>(id - 1)];
    if (number_in(user, "id") != id || word_in(user, "name") != "user " + std::to_string(id)) {
      return "got " + user + " for user " + std::to_string(id);
    }
  }
  return {};
}

std::string settings_in_order(const answers& all) {
  return difference(all, three_settings);
}

weft::task<finding> measure(const program& subject, http_session& api) {
  finding found;
  found.program = subject.name;
  found.slowest = subject.expected.slowest;

  co_await api.post("/stats/reset");
  const auto start = std::chrono::steady_clock::now();
  const answers all = co_await subject.run(api);
  found.took = std::chrono::steady_clock::now() - start;
  const std::string stats = co_await api.get("/stats");

  const int requests = number_in(stats, "requests").value_or(-1);
  const int most = number_in(stats, "most_in_flight").value_or(-1);
  const int connections = number_in(stats, "connections").value_or(-1);
  found.expect(requests == subject.expected.requests,
               "the server counted " + std::to_string(requests) + " requests");
  found.expect(most >= 1 && most <= subject.expected.most_in_flight,
               std::to_string(most) + " requests in flight at once");
  found.expect(connections >= 1 && connections <= allowed_at_once,
               std::to_string(connections) + " connections");
  const std::string mistake = subject.mistake_in(all);
  found.expect(mistake.empty(), mistake);

  const bool in_time = found.took <= tolerance * subject.expected.times_that * found.slowest;
  found.verdict =
      std::to_string(most) + " in flight: " + (in_time ? subject.lesson : "slow today; is the machine busy?");
  co_return found;
}

}  // namespace article
