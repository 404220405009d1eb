// scheduler: real workers, queues, idle and reactors. No submitted job is slept through, several are spread over the
// workers, and close() returns when nobody touches the scheduler any more.
//
// The backend below the reactors is a stand-in (stand_in/system.cc): it can only be woken, and no limit is reached here.
// The sentinel's rounds are in idle_model.cc and sleep_model.cc.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <memory>

#include "weft/model/model.h"
#include "weft/rt/scheduler/scheduler.h"

extern "C" thread_local weft::rt::turn* weft_current_turn;

namespace weft::inline WEFT_ABI::model {
namespace {

// No more than an address here: workers carry it about.
rt::engine& no_engine() {
  alignas(64) static std::array<std::byte, 256> place;
  return reinterpret_cast<rt::engine&>(place);
}

std::unique_ptr<rt::scheduler> started(std::size_t workers, std::size_t spares = 0) {
  explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  auto made = std::make_unique<rt::scheduler>(workers, spares, rt::watch_options{}, no_engine());
  require(!made->start("model"), "the threads start");
  return made;
}

struct errand : rt::job {
  explicit errand(std::function<void()> does) : body(std::move(does)) { run = &do_it; }
  static void do_it(rt::job& self, rt::turn&) noexcept { static_cast<errand&>(self).body(); }
  std::function<void()> body;
};

// One job after the other from outside; then close. The last submit() may still be on its way out when its job runs.
void submit_and_close(std::size_t workers) {
  auto all = started(workers);
  signal done;
  plain<int> written;
  errand one([&] {
    ++written;
    done.set();
  });
  written = 1;
  threads({[&] { all->submit(one); },
           [&] {
             done.wait(false);
             all->close();
             all.reset();
           }});
  require(written == 2, "the job runs once, after what its submitter did");
}

// Two jobs, each of which waits for the other to begin.
void two_jobs_meet() {
  auto all = started(2);
  std::array<signal, 2> begun;
  signal done;
  rt::atomic<int> left{2};
  const auto meet = [&](std::size_t self) {
    begun[self].set();
    begun[1 - self].wait(false);
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) done.set();
  };
  errand first([&] { meet(0); });
  errand second([&] { meet(1); });
  all->submit(first);
  all->submit(second);
  done.wait(false);
  all->close();
}

// A job submits another from its worker, and waits for it: a neighbour must come for it.
void submitted_by_a_worker() {
  auto all = started(2);
  signal begun;
  errand second([&] { begun.set(); });
  signal done;
  errand first([&] {
    all->spawn(second);
    begun.wait(false);
    done.set();
  });
  all->submit(first);
  done.wait(false);  // workers leave as soon as they find no job once it closes
  all->close();
}

// A forked child, offered, while its parent is busy.
void offered_child_is_stolen() {
  auto all = started(2);
  signal begun;
  errand child([&] { begun.set(); });
  signal done;
  errand parent([&] {
    all->fork(child);
    all->offer_forked();
    begun.wait(false);
    done.set();
  });
  all->submit(parent);
  done.wait(false);
  all->close();
}

void block_in_place(rt::scheduler& all, const std::function<void()>& function) {
  require(all.begin_block_in_place(), "the first one is not inside of another");
  function();
  all.end_block_in_place();
}

// What a worker holds runs elsewhere while it blocks in place: what it forked and did not offer, what it submits after
// its job, what it submitted. Without a spare the neighbour does it.
void what_is_held_is_handed_over(std::size_t workers, std::size_t spares) {
  auto all = started(workers, spares);
  std::array<signal, 2> begun;
  errand child([&] { begun[0].set(); });
  errand after([&] { begun[1].set(); });
  signal done;
  errand parent([&] {
    all->fork(child);
    weft_current_turn->later.push_back(after);
    block_in_place(*all, [&] {
      for (signal& each : begun) each.wait(false);
    });
    done.set();
  });
  all->submit(parent);
  done.wait(false);
  all->close();
}

// Jobs come while the stand-in goes back to rest, and after.
void a_job_comes_as_the_worker_is_back() {
  auto all = started(1, 1);
  std::array<signal, 2> done;
  errand late([&] { done[0].set(); });
  errand last([&] { done[1].set(); });
  signal is_late;
  errand blocks([&] { block_in_place(*all, [&] { is_late.set(); }); });
  threads({[&] {
             all->submit(blocks);
             is_late.wait(false);
             all->submit(late);
           },
           [&] {
             done[0].wait(false);
             all->submit(last);
             done[1].wait(false);
             all->close();
             all.reset();
           }});
}

// A stand-in rests again with a job in its queue, which moves to the shared one, while the worker looks for one.
void a_stand_in_leaves_a_job_behind() {
  auto all = started(1, 1);
  signal is_posted, done;
  errand late([&] { done.set(); });
  errand poster([&] {
    all->submit(late);
    is_posted.set();
  });
  errand blocks([&] {
    all->submit(poster);
    block_in_place(*all, [&] { is_posted.wait(false); });
  });
  all->submit(blocks);
  done.wait(false);
  all->close();
}

// The spare that watches gives it up, as all are asleep, while a worker wakes up.
void somebody_watches_while_one_is_awake() {
  rt::idle sleepers(1, 1);
  rt::reserve spares(1, 1);
  spares.rest(1);
  static_cast<void>(sleepers.park(0, false));
  bool is_taken = false;
  threads({[&] {
             const rt::idle::leaving how = sleepers.unpark(0);
             require(how.is_unattended, "nobody is sentinel");
             is_taken = spares.take_one_to_watch().has_value();
           },
           [&] { spares.leave_watch_if(1, [&] { return sleepers.are_all_asleep(); }); }});
  require(spares.is_on_watch(1), "the spare watches while the worker is awake");
  static_cast<void>(is_taken);
}

// Two who look find the same worker blocked: one spare is called of the two that rest, and takes the call once.
void a_spare_is_called_once_for_an_absence() {
  rt::reserve spares(1, 2);
  rt::atomic<int> calls{0};
  const auto call = [&] {
    if (spares.call({.worker = 0, .pulse = 4})) calls.fetch_add(1, std::memory_order_relaxed);
  };
  threads({call, call});
  require(calls.load(std::memory_order_relaxed) == 1, "one spare is called for one absence");
  int taken = 0;
  for (const std::size_t spare : {1u, 2u}) {
    for (int i = 0; i < 2; ++i) taken += spares.take_call(spare) ? 1 : 0;
  }
  require(taken == 1, "a call is taken once");
}

constexpr bounds shallow{.preemptions = 2, .most_exhaustive = 12'000, .random = 3'000, .time_passes = false};

const registered one("submit_and_close", "a job submitted from outside runs; close() waits for its submitter",
                     {.most_exhaustive = 25'000, .random = 3'000, .time_passes = false},
                     [] { submit_and_close(1); });
const registered two("submit_and_close_two_workers", "the same with two workers", shallow,
                     [] { submit_and_close(2); });
const registered meet("two_jobs_meet", "two jobs are run by two workers",
                      {.preemptions = 2, .most_exhaustive = 60'000, .random = 40'000, .time_passes = false},
                      two_jobs_meet);
const registered inner("submitted_by_a_worker", "a worker's own job is stolen while it is busy", shallow,
                       submitted_by_a_worker);
const registered child("offered_child_is_stolen", "an offered child is stolen while its parent is busy",
                       shallow, offered_child_is_stolen);

const registered handed("what_is_held_is_handed_over",
                        "a neighbour does what a worker holds that blocks in place", shallow,
                        [] { what_is_held_is_handed_over(2, 0); });
const registered stand_in("a_spare_stands_in", "a spare does what the only worker holds that blocks in place",
                          shallow, [] { what_is_held_is_handed_over(1, 1); });
const registered back("a_job_comes_as_the_worker_is_back", "no job is lost when a stand-in rests again",
                      shallow, a_job_comes_as_the_worker_is_back);
const registered leaves("a_stand_in_leaves_a_job", "what a stand-in leaves behind is run", shallow,
                        a_stand_in_leaves_a_job_behind);
const registered on_watch("somebody_watches_while_one_is_awake",
                          "a spare gives up its watch only while all are asleep", {.preemptions = 3},
                          somebody_watches_while_one_is_awake);
const registered called("a_spare_is_called_once", "a call is taken once, and an absence called for once",
                        {.preemptions = 3}, a_spare_is_called_once_for_an_absence);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
