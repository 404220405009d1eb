// crew: threads that come for work and leave when it is quiet. A call that was taken runs, whoever was about to leave;
// a closed crew has run all it took and joined its threads; no more threads than the cap, and refusals that say why.
//
// Functions are plain, and jobs are counted where they would be submitted; stops are in call_model.cc.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "weft/model/model.h"
#include "weft/rt/offload/crew.h"
#include "weft/rt/offload/refusal.h"

namespace weft::inline WEFT_ABI::model {
namespace {

// A chain whose call is all there is to it.
struct errand : rt::call {
  explicit errand(std::function<void()> function = {})
      : rt::call(kind, &run_it, &own), does(std::move(function)) {
    require(own.arm(*this, leaf), "nobody has stopped it");
  }
  static void run_it(rt::call& self) noexcept {
    auto& one = static_cast<errand&>(self);
    ++one.ran;
    if (one.does) one.does();
  }
  static constexpr rt::leaf_kind kind{"a call", &cancel_call, &describe_call};
  static void done(void*, rt::job&) noexcept {}

  rt::scope own;
  rt::frame leaf{std::source_location::current()};
  std::function<void()> does;
  plain<int> ran;
};

rt::crew_options crew_of(unsigned threads) {
  rt::crew_options chosen;
  chosen.max_threads = threads;
  return chosen;
}
constexpr rt::completion_sink nowhere{&errand::done, nullptr};

// A call comes while the last thread is about to leave, because nothing came for `keep_alive`.
void start_against_leaving() {
  errand first, second;
  rt::crew pool(crew_of(1), nowhere);
  require(pool.start(first) == rt::start_outcome::started, "it is open");
  threads({[&] { require(pool.start(second) == rt::start_outcome::started, "it is open"); }});
  pool.drain_and_join();
  require(first.ran == 1 && second.ran == 1, "what was taken has run before the crew is closed");
  require(pool.counters().threads == 0, "no thread is left");
}

// Nobody leaves, so only a notification brings the second call to its thread.
void start_against_waiting() {
  signal done;
  errand first;
  errand second([&] { done.set(); });
  rt::crew pool(crew_of(1), nowhere);
  require(pool.start(first) == rt::start_outcome::started, "it is open");
  require(pool.start(second) == rt::start_outcome::started, "it is open");
  done.wait(false);
}

void start_against_close() {
  auto pool = std::make_unique<rt::crew>(crew_of(1), nowhere);
  errand one;
  rt::start_outcome outcome{};
  threads({[&] { outcome = pool->start(one); }, [&] { pool->drain_and_join(); }});
  errand late;
  require(pool->start(late) == rt::start_outcome::refused, "a closed crew stays closed");
  pool.reset();
  if (outcome == rt::start_outcome::started) {
    require(one.ran == 1, "what was taken has run when the crew is gone");
  } else {
    require(one.ran == 0 && one.refusal == rt::offload_refusal::shut_down,
            "a closed crew refuses, and says that it shuts down");
  }
}

// Two calls on one thread; two on two.
void cap(unsigned most) {
  plain<int> alone;
  rt::atomic<int> inside{0};
  const auto function = [&] {
    if (most == 1) ++alone;
    require(inside.fetch_add(1, std::memory_order_relaxed) < static_cast<int>(most),
            "no more functions run at once than the cap");
    explorer::get().point();
    inside.fetch_sub(1, std::memory_order_relaxed);
  };
  errand first(function), second(function), third(function);
  rt::crew pool(crew_of(most), nowhere);
  const auto start = [&](errand& one) {
    require(pool.start(one) == rt::start_outcome::started, "it is open, and its queue has no bound");
  };
  threads({[&] { start(first); }, [&] { start(second); }});
  if (most > 1) start(third);
  pool.drain_and_join();
  require(first.ran == 1 && second.ran == 1, "each call runs once");
}

// Two functions that meet: the second must get a thread of its own.
void as_many_threads_as_work() {
  signal first_runs, second_runs;
  errand first([&] {
    first_runs.set();
    second_runs.wait(false);
  });
  errand second([&] {
    second_runs.set();
    first_runs.wait(false);
  });
  rt::crew pool(crew_of(2), nowhere);
  threads({[&] { require(pool.start(first) == rt::start_outcome::started, "it is open"); },
           [&] { require(pool.start(second) == rt::start_outcome::started, "it is open"); }});
}

// One thread, and no queue: a second call is refused while the first has the thread.
void full_queue() {
  rt::crew_options chosen = crew_of(1);
  chosen.max_queued = 0;
  signal go;
  errand first([&] { go.wait(false); });
  errand second;
  rt::crew pool(chosen, nowhere);
  require(pool.start(first) == rt::start_outcome::started, "a thread is free");
  threads({[&] {
    require(
        pool.start(second) == rt::start_outcome::refused && second.refusal == rt::offload_refusal::queue_full,
        "no thread is free, and nothing may queue");
    go.set();
  }});
  pool.drain_and_join();
  require(first.ran == 1 && second.ran == 0, "what is refused does not run");
}

// The system gives one thread, and no second one.
int threads_to_be_had = 0;
std::error_code one_thread_only() noexcept {
  if (threads_to_be_had-- > 0) return {};
  return std::make_error_code(std::errc::resource_unavailable_try_again);
}
void no_second_thread() {
  threads_to_be_had = 1;
  rt::crew_options chosen = crew_of(2);
  chosen.thread_fault = &one_thread_only;
  errand first, second;
  rt::crew pool(chosen, nowhere);
  require(pool.start(first) == rt::start_outcome::started, "the first gets a thread");
  rt::start_outcome outcome{};
  threads({[&] { outcome = pool.start(second); }});
  pool.drain_and_join();
  require(first.ran == 1, "the first runs");
  require(second.ran == (outcome == rt::start_outcome::started ? 1 : 0),
          "a call without a thread waits for the one there is, or is refused when that has gone");
}

constexpr bounds usual{.most_exhaustive = 15'000, .random = 2'000};
constexpr bounds no_time{.most_exhaustive = 15'000, .random = 2'000, .time_passes = false};

const registered leaving("start_against_leaving", "no call is lost by the last thread that leaves",
                         {.preemptions = 3, .most_exhaustive = 15'000, .random = 2'000},
                         start_against_leaving);
const registered waiting("start_against_waiting", "a call wakes the thread that waits for one", no_time,
                         start_against_waiting);
const registered closed("start_against_close", "taken and run, or refused", usual, start_against_close);
const registered one_cap("cap_of_one", "one function at a time", no_time, [] { cap(1); });
const registered two_cap("cap_of_two", "two at a time", no_time, [] { cap(2); });
const registered grow("as_many_threads_as_work", "a second call gets a second thread", no_time,
                      as_many_threads_as_work);
const registered full("full_queue", "a full queue refuses", usual, full_queue);
const registered fault("no_second_thread", "what the system refuses loses no call", usual, no_second_thread);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
