// The program that a rival becomes:
//
//     RIVAL --list                                its problems, one a line
//     RIVAL --version                             one line of JSON: the versions of what it stands on, "compiler",
//                                                 "defines" of the build, "absent" when it cannot run here
//     RIVAL --problem fib --threads 2 [--tiny]    one measurement, as one line of JSON
//
// Exit status 2: no such problem; the good names are listed. 1: a wrong answer.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/compare/harness/rival.h"

namespace compare {
namespace {

struct problem {
  problem_function run;
  timing how;
};

// Filled before main() by the entries of a rival's files, in no particular order.
struct everything {
  std::map<std::string, problem> problems;
  std::map<std::string, std::string> versions;
  std::string absent;
  void (*at_end)() = nullptr;
};

everything& all() {
  static everything one;
  return one;
}

// What the last call of the problem's function said of its answer.
struct verdict {
  bool was_checked = false;
  std::uint64_t got = 0;
  std::uint64_t want = 0;
  std::uint64_t items = 1;
};
verdict last;

// Google Benchmark's results as one line of JSON. It calls this once, as there is one benchmark and no repetition.
class one_line : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto turns = static_cast<double>(run.iterations);
      line["seconds"] = run.real_accumulated_time / turns;
      line["iterations"] = run.iterations;
      for (const auto& [name, counter] : run.counters) line["figures"][name] = counter.value;
    }
  }
  nlohmann::ordered_json line;
};

// The definitions that change a program's speed, and that g++ leaves out of what it records.
std::string defines() {
  std::string all;
#ifdef NDEBUG
  all += "-DNDEBUG ";
#endif
#ifdef _FORTIFY_SOURCE
  all += "-D_FORTIFY_SOURCE=" + std::to_string(_FORTIFY_SOURCE) + " ";
#endif
#ifdef _GLIBCXX_ASSERTIONS
  all += "-D_GLIBCXX_ASSERTIONS ";
#endif
  if (!all.empty()) all.pop_back();
  return all;
}

// Of this program alone: getrusage() would count what the process was before exec().
long peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return 0;
}

void register_with_google_benchmark(const std::string& name, const problem& one, unsigned threads,
                                    bool is_tiny) {
  auto* const made =
      benchmark::RegisterBenchmark(name.c_str(), [&one, threads, is_tiny](benchmark::State& state) {
        cell now(state, threads, is_tiny);
        last = {};
        one.run(now);
        last.items = now.items_each_turn();
      });
  switch (one.how) {
    case timing::by_loop:
      made->UseRealTime()->MinTime(is_tiny ? 0.001 : 0.1);
      break;
    case timing::by_hand:
      made->UseManualTime()->Iterations(is_tiny ? 10 : 200);
      break;
    case timing::one_shot:
      made->UseManualTime()->Iterations(1);
      break;
  }
}

int measure(const std::string& name, unsigned threads, bool is_tiny) {
  const auto found = all().problems.find(name);
  if (found == all().problems.end()) {
    std::cerr << "no problem '" << name << "' here; there are:";
    for (const auto& [good, problem] : all().problems) std::cerr << ' ' << good;
    std::cerr << '\n';
    return 2;
  }
  register_with_google_benchmark(name, found->second, threads, is_tiny);
  one_line reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  if (all().at_end != nullptr) all().at_end();
  if (last.was_checked && last.got != last.want) {
    std::cerr << name << ": the answer is " << last.got << ", and must be " << last.want << '\n';
    return 1;
  }
  nlohmann::ordered_json line{{"problem", name}, {"threads", threads}};
  line.update(reporter.line);
  line["items"] = last.items;
  if (last.was_checked) line["checksum"] = last.got;
  line["peak_rss_bytes"] = peak_rss_bytes();
  std::cout << line.dump() << '\n';
  return 0;
}

}  // namespace

void cell::check(std::uint64_t got, std::uint64_t want) {
  last.was_checked = true;
  last.got = got;
  last.want = want;
}

std::chrono::duration<double> cell::percentiles(std::vector<std::chrono::duration<double>> latencies) {
  if (latencies.empty()) return {};
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&latencies](double share) {
    return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  const auto tell = [this](const char* name, std::chrono::duration<double, std::nano> value) {
    figure(name, value.count());
  };
  tell("p50_ns", at(0.5));
  tell("p99_ns", at(0.99));
  tell("p999_ns", at(0.999));
  tell("max_ns", latencies.back());
  return at(0.99);
}

problem_entry::problem_entry(const char* name, problem_function run, timing how) {
  all().problems.emplace(name, problem{run, how});
}
version_entry::version_entry(const char* library, std::string version) {
  all().versions.emplace(library, std::move(version));
}
at_end::at_end(void (*function)()) {
  all().at_end = function;
}
absence::absence(const char* reason) {
  all().absent = reason;
}

}  // namespace compare

int main(int argc, char** argv) {
  CLI::App app("One rival of the comparison: docs/benchmarks.md");
  bool list = false;
  bool version = false;
  bool tiny = false;
  std::string problem;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  app.add_flag("--list", list, "the problems, one a line");
  app.add_flag("--version", version, "versions, as one line of JSON");
  app.add_option("--problem", problem, "measure this one");
  app.add_option("--threads", threads, "on so many threads")->check(CLI::Range(1u, 1024u));
  app.add_flag("--tiny", tiny, "small sizes, for tests: the time means nothing");
  CLI11_PARSE(app, argc, argv);

  if (list) {
    for (const auto& [name, one] : compare::all().problems) std::cout << name << '\n';
    return 0;
  }
  if (version) {
    nlohmann::ordered_json line(compare::all().versions);
    if (!compare::all().absent.empty()) line["absent"] = compare::all().absent;
#if defined(__clang__)
    line["compiler"] = "clang " __clang_version__;
#else
    line["compiler"] = "g++ " __VERSION__;
#endif
    line["defines"] = compare::defines();
    std::cout << line.dump() << '\n';
    return 0;
  }
  if (problem.empty()) {
    std::cerr << app.help();
    return 2;
  }
  return compare::measure(problem, threads, tiny);
}
