// The article's programs, run as real clients of a slow HTTP API on loopback, and a table of what each one
// took.
//
// Two runtimes in one process: one serves the API, the other runs the programs. They share nothing but the
// socket. Exits with 0 when every count and every answer is right, on however slow a machine.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include "cpu_bound.h"
#include "finding.h"
#include "http_session.h"
#include "measure.h"
#include "programs.h"
#include "slow_api.h"
#include "table.h"
#include "weft/net/tcp_listener.h"
#include "weft/weft.h"

namespace article {
namespace {

using namespace std::chrono_literals;

constexpr expectation one_by_one{.slowest = 500ms, .times_that = 2.88, .requests = 3, .most_in_flight = 1};
constexpr expectation together{.slowest = 500ms, .times_that = 1.0, .requests = 3, .most_in_flight = 3};
constexpr expectation ten_at_once{
    .slowest = user_takes, .times_that = 5.0, .requests = user_count, .most_in_flight = allowed_at_once};
constexpr expectation in_pairs{.slowest = user_takes, .times_that = 2.0, .requests = 6, .most_in_flight = 3};

// What the article teaches, in its order.
constexpr program programs[] = {
    {"three awaits in a row", three_awaits_in_a_row, one_by_one, three_in_order,
     "await alone overlaps nothing"},
    {"spawn all three, then await", three_by_spawn, together, three_in_order, "the slowest one's time"},
    {"when_all", three_by_when_all, together, three_in_order, "all answers, in argument order"},
    {"as_completed", three_by_as_completed, together, three_in_any_order, "each answer when it is ready"},
    {"task_group", three_by_task_group, together, three_in_order, "left only when all have ended"},
    {"spawned too late", three_spawned_too_late, one_by_one, three_in_order,
     "awaited before the next is made"},
    {"fifty users, semaphore", fifty_users_by_semaphore, ten_at_once, fifty_in_order, "five rounds of ten"},
    {"fifty users, one call", fifty_users_by_for_each, ten_at_once, fifty_in_order, "for_each_concurrent"},
    {"three users, their settings", settings_of_three_users, in_pairs, settings_in_order,
     "a chain for each user"},
};

std::vector<finding> run_all() {
  slow_api api;
  weft::runtime server{weft::runtime_options{.workers = 1}};
  auto listener = weft::tcp_listener::bind(server, weft::endpoint::loopback_v4(0));
  const weft::endpoint address = listener.local_endpoint();
  server.spawn(api.serve(std::move(listener))).detach();  // stopped and awaited by the end of its runtime

  weft::runtime client;
  http_session session(address);

  std::vector<finding> findings;
  for (const program& next : programs) {
    show_progress(next.name);
    findings.push_back(client.block_on(measure(next, session)));
  }
  show_progress("CPU-bound, beside a ticker");
  std::ranges::move(measure_cpu_bound(), std::back_inserter(findings));
  show_progress(nullptr);
  return findings;
}

}  // namespace
}  // namespace article

int main() {
  try {
    const std::vector<article::finding> findings = article::run_all();
    article::print_table(findings);
    return std::ranges::all_of(findings, [](const auto& found) { return found.wrong.empty(); }) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "\nthe demo could not be run: %s\n", error.what());
    return 1;
  }
}
