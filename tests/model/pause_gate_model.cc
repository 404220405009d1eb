// pause_gate: while a pause is complete no worker runs, and who looks sees all that they wrote before they came; and
// every pause ends, whoever asks, sleeps, leaves or is about to sleep.
//
// The gate alone, with workers of a few lines; then the real scheduler, whose workers sleep in a reactor. There no wait
// reaches its limit: a wake-up that was lost would only cost the reporter its patience.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "weft/model/model.h"
#include "weft/rt/scheduler/pause.h"
#include "weft/rt/scheduler/paused_workers.h"
#include "weft/rt/scheduler/scheduler.h"

extern "C" thread_local weft::rt::turn* weft_current_turn;

namespace weft::inline WEFT_ABI::model {
namespace {

using rt::pause_gate;
constexpr std::chrono::steady_clock::time_point one_day{std::chrono::hours(24)};

struct crowd {
  explicit crowd(std::size_t size) : workers(size), gate(size) {}

  // Two jobs, each of which writes what a reporter reads; then the thread ends.
  void work(std::size_t self) {
    for (int turn = 0; turn < 2; ++turn) {
      if (gate.is_asked()) gate.attend(self);
      ++written[self];
    }
    gate.depart(self);
  }
  void report(std::size_t self = pause_gate::no_worker) {
    gate.begin(self);
    const bool is_complete = gate.wait_for_all(one_day);
    int sum = 0;
    if (is_complete) {
      for (const auto& each : written) sum += each;
      for (std::size_t i = 0; i < workers; ++i)
        require(gate.place_of(i) != pause_gate::place::away, "a complete pause has everybody");
    }
    require(sum <= 4, "and they stand still");
    gate.end(self);
  }

  std::array<plain<int>, 2> written;
  std::size_t workers;
  pause_gate gate;
};

void report_while_they_work() {
  crowd all(2);
  threads({[&] { all.work(0); }, [&] { all.work(1); }, [&] { all.report(); }});
}

void two_reports() {
  crowd all(1);
  threads({[&] { all.work(0); }, [&] { all.report(); }, [&] { all.report(); }});
}

// A worker asks from inside its job, while somebody else does.
void worker_asks_too() {
  crowd all(1);
  threads({[&] {
             all.report(0);
             all.gate.depart(0);
           },
           [&] { all.report(); }});
}

// Two workers that ask about each other.
void two_workers_ask() {
  crowd all(2);
  const auto ask = [&](std::size_t self) {
    all.report(self);
    all.gate.depart(self);
  };
  threads({[&] { ask(0); }, [&] { ask(1); }});
}

rt::engine& no_engine() {
  alignas(64) static std::array<std::byte, 256> place;
  return reinterpret_cast<rt::engine&>(place);
}

struct errand : rt::job {
  explicit errand(std::function<void()> does) : body(std::move(does)) { run = &do_it; }
  static void do_it(rt::job& self, rt::turn&) noexcept { static_cast<errand&>(self).body(); }
  std::function<void()> body;
};

// Workers that sleep, are about to, or run a job: all come, and go on with what there is.
void sleepers_are_paused(std::size_t workers) {
  explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  auto all = std::make_unique<rt::scheduler>(workers, no_engine());
  require(!all->start("model"), "the threads start");
  plain<int> written;
  signal done;
  errand one([&] {
    ++written;
    done.set();
  });
  threads({[&] {
             const rt::paused_workers still(*all, std::chrono::hours(1));
             require(still.is_complete(), "nobody is slept through");
             require(written.get() <= 1, "and what they wrote is seen");
           },
           [&] {
             all->submit(one);
             done.wait(false);
           }});
  all->close();
}

constexpr bounds small{.preemptions = 2, .most_exhaustive = 15'000, .random = 2'000, .time_passes = false};

const registered report("report_while_they_work", "a complete pause sees all and disturbs nobody", small,
                        report_while_they_work);
const registered two("two_reports", "one pause at a time", small, two_reports);
const registered inner("worker_asks_too", "who asks from a job counts as come",
                       {.preemptions = 3, .time_passes = false}, worker_asks_too);
const registered mutual("two_workers_ask", "two that ask do not wait for each other",
                        {.preemptions = 3, .time_passes = false}, two_workers_ask);
const registered slept("sleepers_are_paused", "a sleeper comes, and sleeps no job through",
                       {.preemptions = 2, .most_exhaustive = 8'000, .random = 2'000, .time_passes = false},
                       [] { sleepers_are_paused(1); });
const registered slept_two(
    "two_sleepers_are_paused", "two sleepers come",
    {.preemptions = 1, .most_exhaustive = 4'000, .random = 2'000, .time_passes = false},
    [] { sleepers_are_paused(2); });

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
