// The program around a file of models: explores each, then each planted error, and says what it has seen.
//
//     fork_queue_model [--model=NAME] [--seed=N] [--times=N]    as in CI; --times: so many times as many executions
//                      --list                                   what there is
//                      --model=NAME [--mutant=NAME] --replay=…  one execution, with its trace
//                      --mutant=NAME                            the trace of a planted error
//                      --sweep                                  which weaker orders would not be noticed
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "weft/model/heap.h"
#include "weft/model/planted.h"
#include "weft/model/search.h"

namespace weft::inline WEFT_ABI::model {
namespace {

constexpr mutant planted[] = {
#include "weft/model/mutants.inc"
    {0, "", ""},
};

struct arguments {
  std::string group;  // the program's name without _model: whose mutants are ours
  std::string model, mutant, replay;
  std::uint64_t seed = 1, times = 1;
  bool list = false, sweep = false;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool is_wanted(const model_case& one, const arguments& given) {
  return given.model.empty() || given.model == one.name;
}

void print(const finding& found, const model_case& one, const char* mutant_name) {
  for (const std::string& line : found.trace) std::printf("    %s\n", line.c_str());
  std::printf("  %s\n  replay: --model=%s%s%s --replay=%s\n", found.why.c_str(), one.name.c_str(),
              mutant_name[0] != '\0' ? " --mutant=" : "", mutant_name, found.path.c_str());
}

bounds scaled(bounds within, std::uint64_t times) {
  within.most_exhaustive *= times;
  within.random *= times;
  return within;
}

struct hunted {
  finding found;
  const model_case* by = nullptr;  // null: nothing was found
  std::uint64_t executions = 0;
};

// Whether any of the models fails. Few preemptions first, then chance, and all within bounds at last: most errors need
// one preemption or two, and a short trace is the better one.
hunted hunt(const arguments& given) {
  hunted all;
  const auto found = [&all](const model_case& one, finding&& what) {
    all.executions += what.executions;
    if (what.has_failed) {
      all.found = std::move(what);
      all.by = &one;
    }
    return all.by != nullptr;
  };
  constexpr std::uint64_t few = 5'000;
  constexpr unsigned rounds = 4;
  for (unsigned round = 0; round <= rounds; ++round) {
    for (const model_case& one : all_models()) {
      bounds within = one.within;
      if (!is_wanted(one, given)) continue;
      if (round < rounds) {
        if (round > within.preemptions) continue;
        within.preemptions = round;
        within.most_exhaustive = few;
      }
      if (found(one, search_all(one, within))) return all;
    }
    if (round != 1 && round != rounds) continue;
    for (const model_case& one : all_models()) {
      if (is_wanted(one, given) && found(one, search_randomly(one, one.within, given.seed))) return all;
    }
  }
  return all;
}

bool explore(const model_case& one, const arguments& given) {
  const auto start = std::chrono::steady_clock::now();
  const bounds within = scaled(one.within, given.times);
  finding found = search_all(one, within);
  std::uint64_t executions = found.executions;
  const bool is_complete = found.is_complete;
  if (!found.has_failed) {
    found = search_randomly(one, within, given.seed);
    executions += found.executions;
  }
  std::printf("model %-34s %9" PRIu64
              " executions, exhaustive to %u preemptions and %u old reads: %s, %.2f s%s\n",
              one.name.c_str(), executions, within.preemptions, within.stale_loads,
              is_complete ? "yes" : "no", seconds_since(start), found.has_failed ? ", FAILED" : "");
  if (found.has_failed) {
    std::printf("  the claim: %s\n", one.claim.c_str());
    print(found, one, "");
  }
  return !found.has_failed;
}

// Whether any model notices the error; the mutants of a group are shared by its models.
bool is_caught(const mutant& one, const arguments& given, bool is_loud) {
  active_mutant = one.number;
  const hunted all = hunt(given);
  std::printf("  mutant %-46s %s%s in %" PRIu64 " executions\n", one.name,
              all.by != nullptr ? "caught by " : "NOT CAUGHT", all.by != nullptr ? all.by->name.c_str() : "",
              all.executions);
  if (is_loud && all.by != nullptr) print(all.found, *all.by, one.name);
  active_mutant = 0;
  return all.by != nullptr;
}

// For each place with an order: is any weaker one noticed? Slow, and no test: what survives is to be looked at.
void sweep(const arguments& given) {
  using order = std::memory_order;
  memory& words = explorer::get().words();
  std::vector<memory::site> sites;
  words.collect_sites(&sites);
  for (const model_case& each : all_models()) {
    bounds little = each.within;
    little.most_exhaustive = 2'000;
    static_cast<void>(search_all(each, little));
    static_cast<void>(search_randomly(each, little, given.seed));
  }
  words.collect_sites(nullptr);
  for (const memory::site& site : sites) {
    std::vector<std::pair<order, const char*>> weaker{{order::relaxed, "relaxed"}};
    const std::string_view operation = site.operation;
    if (site.how == order::acq_rel || site.how == order::seq_cst) {
      if (operation != "store") weaker.emplace_back(order::acquire, "acquire");
      if (operation == "exchange" || operation == "store") weaker.emplace_back(order::release, "release");
    }
    if (site.how == order::seq_cst && operation == "exchange") weaker.emplace_back(order::acq_rel, "acq_rel");
    for (const auto& [to, name] : weaker) {
      words.weaken(&site, to);
      const hunted all = hunt(given);
      const char* const by = all.by != nullptr ? all.by->name.c_str() : nullptr;
      std::printf("  %s:%u:%u %s as %s: %s%s\n", site.file, site.line, site.column, site.operation, name,
                  by != nullptr ? "caught by " : "SURVIVES", by != nullptr ? by : "");
      std::fflush(stdout);
    }
  }
  words.weaken(nullptr, order::relaxed);
}

int run(const arguments& given) {
  std::vector<mutant> ours;
  for (const mutant& each : planted) {
    if (each.number != 0 && given.group == each.model &&
        (given.mutant.empty() || given.mutant == each.name)) {
      ours.push_back(each);
    }
  }
  if (given.list) {
    for (const model_case& each : all_models())
      std::printf("model %s: %s\n", each.name.c_str(), each.claim.c_str());
    for (const mutant& each : ours) std::printf("mutant %s\n", each.name);
    return 0;
  }
  if (!given.mutant.empty() && ours.empty()) {
    std::printf("there is no mutant %s\n", given.mutant.c_str());
    return 2;
  }
  if (!given.replay.empty()) {
    for (const model_case& each : all_models()) {
      if (!is_wanted(each, given)) continue;
      if (!given.mutant.empty()) active_mutant = ours.front().number;
      bounds within = each.within;
      within.preemptions = within.stale_loads = 1'000'000;  // the path says itself what is chosen
      const finding found = replay(each, within, given.replay);
      print(found, each, given.mutant.c_str());
      return found.has_failed ? 1 : 0;
    }
    return 2;
  }
  if (!given.mutant.empty()) return is_caught(ours.front(), given, true) ? 0 : 1;
  if (given.sweep) {
    sweep(given);
    return 0;
  }
  const auto start = std::chrono::steady_clock::now();
  bool is_good = !all_models().empty();
  for (const model_case& each : all_models()) {
    if (is_wanted(each, given)) is_good &= explore(each, given);
  }
  if (under_address_sanitizer) {
    // Planted errors are undefined behaviour, where a sanitizer ends the process; the models themselves must be clean.
    std::printf("model %s: %s under the sanitizer; mutants are for the other builds\n", given.group.c_str(),
                is_good ? "clean" : "not clean");
    return is_good ? 0 : 1;
  }
  std::size_t caught = 0;
  for (const mutant& each : ours) caught += is_caught(each, given, false) ? 1 : 0;
  std::printf("model %s: %zu mutants caught of %zu, %.2f s in all\n", given.group.c_str(), caught,
              ours.size(), seconds_since(start));
  return is_good && caught == ours.size() ? 0 : 1;
}

// A crash of a model's thread is a failure of its execution. The handler stands on a stack of its own and never returns:
// the thread is dropped there.
void crashed(int number) {
  explorer::get().fail(std::string("it crashes: ") + strsignal(number), std::source_location::current());
  ::signal(number, SIG_DFL);  // the explorer itself has crashed
}

void catch_crashes() {
  static std::array<char, 1 << 16> memory;
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  struct sigaction action{};
  action.sa_handler = &crashed;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  if (sigaltstack(&stack, nullptr) != 0) std::perror("sigaltstack");
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    if (sigaction(number, &action, nullptr) != 0) std::perror("sigaction");
  }
}

bool take(std::string_view argument, std::string_view name, std::string& value) {
  if (!argument.starts_with(name)) return false;
  value = argument.substr(name.size());
  return true;
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::model

int main(int count, char** values) {
  if (weft::model::under_thread_sanitizer) {
    std::puts(
        "skipped: a model's threads are stacks of one thread, where ThreadSanitizer has nothing to see");
    return 0;
  }
  weft::model::arguments given;
  given.group = values[0];
  given.group = given.group.substr(given.group.rfind('/') + 1);
  given.group = given.group.substr(0, given.group.rfind("_model"));
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = values[i];
    std::string number;
    if (argument == "--list") {
      given.list = true;
    } else if (argument == "--sweep") {
      given.sweep = true;
    } else if (weft::model::take(argument, "--seed=", number)) {
      given.seed = std::strtoull(number.c_str(), nullptr, 10);
    } else if (weft::model::take(argument, "--times=", number)) {
      given.times = std::strtoull(number.c_str(), nullptr, 10);
    } else if (!weft::model::take(argument, "--model=", given.model) &&
               !weft::model::take(argument, "--mutant=", given.mutant) &&
               !weft::model::take(argument, "--replay=", given.replay)) {
      std::fprintf(stderr, "unknown: %s (the head of tests/model/explorer/main.cc says what there is)\n",
                   values[i]);
      return 2;
    }
  }
  weft::model::catch_crashes();
  return weft::model::run(given);
}
