// A second opinion (decision 0023): Relacy explores fork_queue and control_word, the same copies of the sources with
// the same planted errors that our explorer runs, and must find those errors too.
//
//     relacy_test             all suites, then each planted error
//     relacy_test MUTANT      the trace of one
//
// A suite has a fixed number of threads, and is made and judged anew in each execution. The programs are those of
// fork_queue_model.cc and control_word_model.cc, written in Relacy's form.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <ostream>
#include <string_view>

#include "weft/model/atomic.h"
#include "weft/model/plain.h"
#include "weft/model/planted.h"
#include "weft/rt/reactor/control_word.h"
#include "weft/rt/work/fork_queue.h"

// Relacy replaces new and delete, but not those with a size.
void operator delete(void* memory, std::size_t) noexcept {
  ::operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  ::operator delete[](memory);
}

namespace weft::inline WEFT_ABI::rt {

void broken_rule(const char* file, int line, const char*, const char* words) noexcept {
  rl::ctx().fail_test(words, rl::test_result_user_assert_failed,
                      rl::debug_info("", file, static_cast<unsigned>(line)));
  std::abort();  // not reached
}

}  // namespace weft::inline WEFT_ABI::rt

namespace weft::inline WEFT_ABI::model {
namespace {

constexpr mutant planted[] = {
#include "weft/model/mutants.inc"
    {0, "", ""},
};

void require(bool is_met, const char* words, place at = place::current()) {
  if (!is_met) rl::ctx().fail_test(words, rl::test_result_user_assert_failed, spelled(at));
}

// --- fork_queue: each item is handed out once, with what it carries

struct item : rt::job {
  plain<int> carries;
};

template <std::size_t N>
struct ledger {
  explicit ledger(std::size_t capacity) : queue(capacity) {}

  void push(std::size_t index) {
    items[index].carries = static_cast<int>(index) + 100;
    queue.push(items[index]);
  }
  void take(rt::job* job) {
    if (job == nullptr) return;
    auto* const one = static_cast<item*>(job);
    const auto index = static_cast<std::size_t>(one - items.data());
    require(index < N, "only what was pushed is handed out");
    require(one->carries == static_cast<int>(index) + 100, "an item arrives with what it carries");
    require(++taken[index] == 1, "no item is handed out twice");
  }
  void all_taken() {
    while (rt::job* left = queue.pop()) take(left);
    for (const int times : taken) require(times == 1, "no item is lost");
  }

  rt::fork_queue queue;
  std::array<item, N> items;
  std::array<int, N> taken{};
};

struct one_thief : rl::test_suite<one_thief, 2> {
  ledger<2> all{2};
  void thread(unsigned self) {
    if (self == 0) {
      for (std::size_t i = 0; i < 2; ++i) all.push(i);
      for (int i = 0; i < 2; ++i) all.take(all.queue.pop());
    } else {
      for (int i = 0; i < 2; ++i) all.take(all.queue.steal());
    }
  }
  void after() { all.all_taken(); }
};

struct two_thieves : rl::test_suite<two_thieves, 3> {
  ledger<2> all{2};
  void thread(unsigned self) {
    if (self == 0) {
      for (std::size_t i = 0; i < 2; ++i) all.push(i);
      all.take(all.queue.pop());
    } else {
      all.take(all.queue.steal());
    }
  }
  void after() { all.all_taken(); }
};

struct growth : rl::test_suite<growth, 2> {
  ledger<3> all{1};
  void thread(unsigned self) {
    if (self == 0) {
      for (std::size_t i = 0; i < 3; ++i) all.push(i);
      all.take(all.queue.pop());
    } else {
      for (int i = 0; i < 2; ++i) all.take(all.queue.steal());
    }
  }
  void after() { all.all_taken(); }
};

struct wrap_around : rl::test_suite<wrap_around, 2> {
  ledger<5> all{2};
  void thread(unsigned self) {
    if (self == 0) {
      all.push(0);
      all.push(1);
      all.take(all.queue.pop());
      all.push(2);
      all.take(all.queue.pop());
      all.push(3);
      all.push(4);
    } else {
      for (int i = 0; i < 2; ++i) all.take(all.queue.steal());
    }
  }
  void after() { all.all_taken(); }
};

struct meet : rl::test_suite<meet, 2> {
  ledger<2> all{2};
  void thread(unsigned self) {
    if (self == 0) {
      all.push(0);
      all.take(all.queue.pop());
      all.push(1);
      all.take(all.queue.pop_for_sure());
    } else {
      all.take(all.queue.steal());
    }
  }
  void after() {
    require(all.taken[1] == 1, "the owner or the thief has it");
    all.all_taken();
  }
};

struct into : rl::test_suite<into, 3> {
  ledger<3> all{4};
  rt::fork_queue other{4};
  void before() {
    for (std::size_t i = 0; i < 3; ++i) all.push(i);
  }
  void thread(unsigned self) {
    if (self == 0) {
      for (int i = 0; i < 2; ++i) all.take(all.queue.pop());
    } else if (self == 1) {
      all.take(all.queue.steal_into(other));
      all.take(other.pop());
    } else {
      all.take(other.steal());
    }
  }
  void after() {
    while (rt::job* left = other.pop()) all.take(left);
    all.all_taken();
  }
};

// --- control_word: a descriptor and one reader of it

constexpr std::uint32_t generation = 5;

struct record {
  rt::control_word control;
  plain<int> waiting{0};
  plain<int> file{3};
  rt::mutex in_kernel;  // a call that finds nothing comes before the event that follows it
  bool has_arrived = false;
  rt::atomic<int> stop_asked{0};
  int outcomes = 0;
  int closes = 0;

  record() { control.open(generation); }

  void close_for_good() {
    file = -1;
    ++closes;
  }
  void release() {
    if (control.release(rt::direction::read, false)) close_for_good();
  }
  bool receives() {
    const rt::lock_guard<rt::mutex> guard(in_kernel);
    return has_arrived;
  }
  void end() {
    ++outcomes;
    release();
  }
  void attempt() {
    for (;;) {
      if (stop_asked.fetch_or(0, std::memory_order_acq_rel) != 0 || receives()) {
        require(file == 3, "the descriptor is open as long as it is held");
        return end();
      }
      waiting = 1;
      const auto answer = control.publish(rt::direction::read);
      if (answer == rt::control_word::published::waiting) return;
      if (answer == rt::control_word::published::closed) return end();
    }
  }
  void start() {
    const auto answer = control.claim(generation, rt::direction::read);
    require(answer != rt::control_word::claimed::busy, "nobody else reads");
    if (answer == rt::control_word::claimed::gone) {
      ++outcomes;
    } else {
      attempt();
    }
  }
  void taken() {
    require(waiting == 1, "who takes an operation out finds it written down");
    attempt();
  }
  void event() {
    {
      const rt::lock_guard<rt::mutex> guard(in_kernel);
      has_arrived = true;
    }
    if (control.notify(generation, {.may_read = true}).read) taken();
  }
  void stop() {
    stop_asked.fetch_or(1, std::memory_order_acq_rel);
    if (control.kick(generation, rt::direction::read)) taken();
  }
  void close() {
    rt::taken_directions of;
    if (!control.close_and_pin(generation, of)) return;
    if (of.read) {
      require(waiting == 1, "who takes an operation out finds it written down");
      ++outcomes;
    }
    if (control.unpin()) close_for_good();
  }
};

struct event_against_start : rl::test_suite<event_against_start, 2> {
  record one;
  void thread(unsigned self) { self == 0 ? one.start() : one.event(); }
  void after() { require(one.outcomes == 1, "no edge is lost"); }
};

struct stop_only : rl::test_suite<stop_only, 2> {
  record one;
  void thread(unsigned self) { self == 0 ? one.start() : one.stop(); }
  void after() { require(one.outcomes == 1, "a stop ends the operation"); }
};

struct event_and_stop : rl::test_suite<event_and_stop, 3> {
  record one;
  void thread(unsigned self) { self == 0 ? one.start() : self == 1 ? one.event() : one.stop(); }
  void after() { require(one.outcomes == 1, "an operation ends once"); }
};

struct close_against_all : rl::test_suite<close_against_all, 3> {
  record one;
  void thread(unsigned self) { self == 0 ? one.start() : self == 1 ? one.event() : one.close(); }
  void after() {
    require(one.outcomes == 1, "an operation ends once");
    require(one.closes == 1, "a descriptor is closed once");
  }
};

struct two_closers_and_a_pin : rl::test_suite<two_closers_and_a_pin, 3> {
  record one;
  void thread(unsigned self) {
    if (self != 2) return one.close();
    if (!one.control.pin(generation)) return;
    require(one.file == 3, "a pinned descriptor is open");
    if (one.control.unpin()) one.close_for_good();
  }
  void after() { require(one.closes == 1, "a descriptor is closed once"); }
};

// --- the program

struct finding {
  bool has_failed = false;
  std::uint64_t executions = 0;
};

template <class Suite>
finding explore(std::uint64_t executions, std::ostream& out) {
  rl::test_params how;
  how.output_stream = how.progress_stream = &out;
  how.search_type = rl::sched_random;
  how.iteration_count = executions;
  const bool is_clean = rl::simulate<Suite>(how);
  return {!is_clean, static_cast<std::uint64_t>(how.stop_iteration)};
}

struct suite {
  const char* group;
  const char* name;
  finding (*run)(std::uint64_t, std::ostream&);
};

constexpr suite suites[] = {
    {"fork_queue", "one_thief", &explore<one_thief>},
    {"fork_queue", "two_thieves", &explore<two_thieves>},
    {"fork_queue", "growth", &explore<growth>},
    {"fork_queue", "wrap_around", &explore<wrap_around>},
    {"fork_queue", "meet", &explore<meet>},
    {"fork_queue", "into", &explore<into>},
    {"control_word", "event_against_start", &explore<event_against_start>},
    {"control_word", "stop_only", &explore<stop_only>},
    {"control_word", "event_and_stop", &explore<event_and_stop>},
    {"control_word", "close_against_all", &explore<close_against_all>},
    {"control_word", "two_closers_and_a_pin", &explore<two_closers_and_a_pin>},
};

// What our explorer finds and Relacy does not: nothing in these suites asks for it.
constexpr std::string_view unseen[] = {
    "pop_within_takes_whatever_is_there",
    "thief_looks_below_the_mark",
};

constexpr std::uint64_t enough = 20'000;

bool is_found(const mutant& one, std::ostream& out) {
  active_mutant = one.number;
  std::uint64_t executions = 0;
  const char* by = nullptr;
  for (const suite& each : suites) {
    if (std::string_view(each.group) != one.model) continue;
    const finding found = each.run(enough, out);
    executions += found.executions;
    if (found.has_failed) {
      by = each.name;
      break;
    }
  }
  active_mutant = 0;
  const bool is_expected = std::ranges::find(unseen, std::string_view(one.name)) == std::end(unseen);
  std::printf("  mutant %-40s %s%s in %llu executions%s\n", one.name,
              by != nullptr ? "found by " : "not found", by != nullptr ? by : "",
              static_cast<unsigned long long>(executions),
              (by != nullptr) == is_expected ? "" : ", UNLIKE BEFORE");
  return (by != nullptr) == is_expected;
}

int run(std::string_view wanted) {
  std::ostream nowhere(nullptr);
  bool is_good = true;
  std::size_t found = 0;
  if (wanted.empty()) {
    for (const suite& each : suites) {
      const auto start = std::chrono::steady_clock::now();
      const bool is_clean = !each.run(enough, nowhere).has_failed;
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::printf("suite %-24s %s, %llu executions, %.2f s\n", each.name, is_clean ? "clean" : "FAILED",
                  static_cast<unsigned long long>(enough), took.count());
      if (!is_clean) static_cast<void>(each.run(enough, std::cout));
      is_good &= is_clean;
    }
  }
  for (const mutant& each : planted) {
    const bool is_ours = std::ranges::any_of(
        suites, [&each](const suite& one) { return std::string_view(one.group) == each.model; });
    if (!is_ours || (!wanted.empty() && wanted != each.name)) continue;
    ++found;
    is_good &= is_found(each, wanted.empty() ? nowhere : std::cout);
  }
  std::printf("%zu mutants, %s\n", found, is_good ? "as expected" : "NOT as expected");
  return is_good && found > 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::model

int main(int count, char** values) {
  return weft::model::run(count > 1 ? values[1] : "");
}
