// SPDX-License-Identifier: Apache-2.0
#include "cpu_bound.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "weft/weft.h"

namespace article {
namespace {

using std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

// A fixed amount of work with a known answer, about 0.3 s of a core of 2023: a clock decides nothing here.
constexpr int limit = 2'000'000;
constexpr int primes_below_limit = 148'933;

int count_primes() {
  int count = 0;
  for (int n = 2; n < limit; ++n) {
    bool is_prime = true;
    for (int divisor = 2; is_prime && divisor * divisor <= n; ++divisor) is_prime = n % divisor != 0;
    if (is_prime) ++count;
  }
  return count;
}

// A coroutine that never awaits has its worker to itself until it ends. Being a task moves no work anywhere.
weft::task<int> on_the_worker() {
  co_return count_primes();
}

// The worker is free meanwhile: the function runs on a thread that is there for such work.
weft::task<int> by_compute() {
  co_return co_await weft::compute(count_primes);
}

// Ticks every millisecond until `end` is set and reached. A tick that was missed is made up for and counts as
// late as it is, because whatever had come in at that moment would have waited as long.
weft::task<std::vector<milliseconds>> tick_until(const std::optional<steady_clock::time_point>& end) {
  std::vector<milliseconds> lateness;
  auto due = steady_clock::now();
  while (!end || due < *end) {
    due += std::chrono::milliseconds(1);
    co_await weft::sleep_until(due);
    lateness.push_back(steady_clock::now() - due);
  }
  std::ranges::sort(lateness);
  co_return lateness;
}

weft::task<finding> beside_a_ticker(const char* name, weft::task<int> (*work)()) {
  std::optional<steady_clock::time_point> end;  // no lock: one worker runs both tasks
  auto ticker = weft::spawn(tick_until(end));
  co_await weft::sleep_for(std::chrono::milliseconds(20));

  finding found;
  found.program = name;
  const auto start = steady_clock::now();
  const int primes = co_await work();
  end = steady_clock::now();
  found.took = *end - start;
  const std::vector<milliseconds> lateness = co_await ticker;

  found.expect(primes == primes_below_limit, "counted " + std::to_string(primes) + " primes");
  found.expect(!lateness.empty(), "the ticker never ticked");
  if (!lateness.empty()) {
    char text[80];
    std::snprintf(text, sizeof text, "1 ms ticker late: p99 %.1f ms, worst %.1f ms",
                  lateness[lateness.size() * 99 / 100].count(), lateness.back().count());
    found.verdict = text;
  }
  co_return found;
}

}  // namespace

std::vector<finding> measure_cpu_bound() {
  const auto start = steady_clock::now();
  const int primes = count_primes();
  const milliseconds alone = steady_clock::now() - start;

  weft::runtime runtime{weft::runtime_options{.workers = 1}};
  std::vector<finding> both;
  both.push_back(runtime.block_on(beside_a_ticker("CPU-bound, on the worker", on_the_worker)));
  both.push_back(runtime.block_on(beside_a_ticker("CPU-bound, by compute", by_compute)));
  for (finding& found : both) {
    found.slowest = alone;
    found.expect(primes == primes_below_limit, "counted " + std::to_string(primes) + " primes before");
  }
  return both;
}

}  // namespace article
