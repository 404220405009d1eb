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

std::unique_ptr<rt::scheduler> started(std::size_t workers) {
  explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  auto made = std::make_unique<rt::scheduler>(workers, no_engine());
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
    all->submit(second);
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

constexpr bounds shallow{.preemptions = 2, .most_exhaustive = 12'000, .random = 3'000, .time_passes = false};

const registered one("submit_and_close", "a job submitted from outside runs; close() waits for its submitter",
                     {.most_exhaustive = 25'000, .random = 3'000, .time_passes = false},
                     [] { submit_and_close(1); });
const registered two("submit_and_close_two_workers", "the same with two workers", shallow,
                     [] { submit_and_close(2); });
const registered meet("two_jobs_meet", "two jobs are run by two workers", shallow, two_jobs_meet);
const registered inner("submitted_by_a_worker", "a worker's own job is stolen while it is busy", shallow,
                       submitted_by_a_worker);
const registered child("offered_child_is_stolen", "an offered child is stolen while its parent is busy",
                       shallow, offered_child_is_stolen);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
