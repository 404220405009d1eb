// What a rival is written with: a function for each problem, and a line that registers it.
//
//     void fib(compare::cell& now) {
//       weft::runtime rt({.workers = now.threads()});
//       const int n = now.size(compare::fib_full, compare::fib_tiny);
//       long got = 0;
//       for (auto _ : now) got = rt.block_on(parallel_fib(n));
//       now.check(got, compare::fib_answer(n));
//     }
//     COMPARE_PROBLEM(fib);
//
// Only the `for` is timed, by Google Benchmark, which chooses how often it turns; the function is called several
// times. What is made before the loop (a runtime, a pool) is not timed. All of a rival's files are linked with
// harness/main.cc into one program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace compare {

// One problem, once, on so many threads.
class cell {
 public:
  cell(benchmark::State& state, unsigned threads, bool is_tiny)
      : state_(state), threads_(threads), is_tiny_(is_tiny) {}

  [[nodiscard]] unsigned threads() const { return threads_; }
  // The size to use: `full`, or `tiny` for a test.
  template <class T>
  [[nodiscard]] T size(T full, T tiny) const {
    return is_tiny_ ? tiny : full;
  }

  // `for (auto _ : now)`: the part that is timed.
  auto begin() { return state_.begin(); }
  auto end() { return state_.end(); }

  // In a problem that is TIMED_BY_HAND: what this turn of the loop took.
  void took(std::chrono::duration<double> seconds) { state_.SetIterationTime(seconds.count()); }

  // The answer of the last turn, and what it must be. A wrong one fails the program.
  void check(std::uint64_t got, std::uint64_t want);
  // So many operations are one turn of the loop: the time is then also given for each.
  void items(std::uint64_t each_turn) { items_ = each_turn; }
  // A figure that goes into the results beside the time: percentiles, bytes.
  void figure(const char* name, double value) { state_.counters[name] = value; }
  // Percentiles of latencies become figures; the 99th is returned.
  std::chrono::duration<double> percentiles(std::vector<std::chrono::duration<double>> latencies);

  [[nodiscard]] std::uint64_t items_each_turn() const { return items_; }

 private:
  benchmark::State& state_;
  unsigned threads_;
  bool is_tiny_;
  std::uint64_t items_ = 1;
};

using problem_function = void (*)(cell&);

enum class timing : std::uint8_t {
  by_loop,   // the wall-clock time of the loop, which turns until it is long enough
  by_hand,   // took() says it, for 200 turns
  one_shot,  // took() says it, for one turn: what takes long, or fills the memory
};

// Each is made once, at namespace scope.
struct problem_entry {
  problem_entry(const char* name, problem_function run, timing how = timing::by_loop);
};
struct version_entry {
  version_entry(const char* library, std::string version);
};
// Called once, after the measurement and before main() returns: for threads that must not meet static destruction.
struct at_end {
  explicit at_end(void (*function)());
};
// Instead of problems, when this build cannot have the rival: why not.
struct absence {
  explicit absence(const char* reason);
};

}  // namespace compare

#define COMPARE_PROBLEM(function) const compare::problem_entry registered_##function(#function, &function)
#define COMPARE_PROBLEM_TIMED(function, how) \
  const compare::problem_entry registered_##function(#function, &function, compare::timing::how)
