// idle: no published job is slept through, though everybody parks without a limit; searching ends in a wake-up
// where more is left; and while one worker runs a long job, another is sentinel.
//
// The loop below is worker.cc's, cut down to what concerns idle: publish, search, park, look once more, sleep. The
// real one is in worker_model.cc, which has more states than can be searched as deeply.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include "weft/model/model.h"
#include "weft/rt/scheduler/idle.h"
#include "weft/rt/work/inject_queue.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct item : rt::job {
  plain<int> carries;
};

template <std::size_t Workers>
struct place {
  rt::idle sleepers{Workers};
  rt::inject_queue shared;
  std::array<signal, Workers> wakes;
  rt::atomic<bool> is_closing{false};
  rt::atomic<int> run{0};
  bool has_limits = false;  // a sentinel's rounds end

  bool wake_one() {
    const auto sleeper = sleepers.take_one_to_wake();
    if (sleeper) wakes[*sleeper].set();
    return sleeper.has_value();
  }
  void publish(item& job) {
    job.carries = 7;
    shared.push(job);
    wake_one();
  }
  void close() {
    is_closing.store(true, std::memory_order_release);
    for (signal& each : wakes) each.set();
  }

  template <class Run>
  void work(std::size_t index, Run run_job, bool is_asleep = false) {
    bool is_searching = false;
    bool owes_sentinel = false;
    bool has_unannounced = false;
    for (;;) {
      rt::job* next = is_asleep ? nullptr : shared.pop();
      if (next == nullptr && !is_searching && !is_asleep) {
        is_searching = sleepers.start_searching();
        next = shared.pop();
      }
      if (next == nullptr) {
        const rt::idle::post post =
            std::exchange(is_asleep, false) ? rt::idle::post::sleeper : sleepers.park(index, is_searching);
        is_searching = false;
        const bool is_over = is_closing.load(std::memory_order_acquire);
        const bool is_any_left = !shared.empty();
        if (!is_any_left && !is_over) sleep(index, post);
        if (is_any_left) has_unannounced = true;  // published while we searched: nobody was woken
        const rt::idle::leaving how = sleepers.unpark(index);
        is_searching = how.was_taken;
        owes_sentinel = how.is_unattended;
        if (is_over && !is_any_left) return;
        continue;
      }
      bool may_be_more = std::exchange(has_unannounced, false);
      if (is_searching) {
        is_searching = false;
        may_be_more |= sleepers.stop_searching();
      }
      const bool has_woken = may_be_more && !shared.empty() && wake_one();
      if (std::exchange(owes_sentinel, false) && !has_woken) {
        // At once, or as late as the schedule has it: the alarm that worker.cc sets.
        if (const auto on_duty = sleepers.sleeper_for_duty()) wakes[*on_duty].set();
      }
      run_job(static_cast<item&>(*next));
    }
  }

  void sleep(std::size_t index, rt::idle::post post) {
    for (;;) {
      const bool has_limit = has_limits && post == rt::idle::post::sentinel;
      if (wakes[index].wait(has_limit) || !has_limit) return;
      if (!shared.empty() || is_closing.load(std::memory_order_acquire)) return;
      if (look_around) look_around();
      switch (sleepers.after_round(index, rt::idle::round::at_length)) {
        case rt::idle::duty::next_round:
          break;
        case rt::idle::duty::off:
          post = rt::idle::post::sleeper;
          break;
        case rt::idle::duty::relieved:
          return;
      }
    }
  }
  std::function<void()> look_around;

  void count(item& job) {
    require(job.carries == 7, "a job arrives with what it carries");
    run.fetch_add(1, std::memory_order_acq_rel);
  }
};

// So many jobs are published by as many outsiders; every one runs, or somebody would sleep for ever.
template <std::size_t Workers, std::size_t Jobs>
void no_job_is_slept_through(bool has_limits) {
  place<Workers> here;
  here.has_limits = has_limits;
  std::array<item, Jobs> jobs;
  signal all_done;
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < Workers; ++i) {
    bodies.push_back([&here, &all_done, i] {
      here.work(i, [&](item& job) {
        require(job.carries == 7, "a job arrives with what it carries");
        if (here.run.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<int>(Jobs)) all_done.set();
      });
    });
  }
  bodies.push_back([&] {
    for (item& each : jobs) here.publish(each);
    all_done.wait(false);
    here.close();
  });
  threads(bodies);
  require(here.run.load(std::memory_order_acquire) == static_cast<int>(Jobs), "each job runs once");
}

// Two jobs at once, each of which waits for the other to begin: so both workers must come.
void burst_wakes_all() {
  place<2> here;
  std::array<item, 2> jobs;
  std::array<signal, 2> begun;
  rt::atomic<int> ended{0};
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < 2; ++i) {
    bodies.push_back([&, i] {
      here.work(i, [&](item& job) {
        const auto self = static_cast<std::size_t>(&job - jobs.data());
        begun[self].set();
        begun[1 - self].wait(false);
        if (ended.fetch_add(1, std::memory_order_acq_rel) == 1) here.close();
      });
    });
  }
  bodies.push_back([&] {
    jobs[0].carries = jobs[1].carries = 7;
    rt::job_list both;
    both.push_back(jobs[0]);
    both.push_back(jobs[1]);
    here.shared.push_all(both);
    here.wake_one();
  });
  threads(bodies);
}

// The same, published one after the other: the second one may find the first one's worker searching, and wake nobody.
void second_job_while_one_searches() {
  place<2> here;
  std::array<item, 2> jobs;
  std::array<signal, 2> begun;
  rt::atomic<int> ended{0};
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < 2; ++i) {
    bodies.push_back([&, i] {
      here.work(i, [&](item& job) {
        const auto self = static_cast<std::size_t>(&job - jobs.data());
        begun[self].set();
        begun[1 - self].wait(false);
        if (ended.fetch_add(1, std::memory_order_acq_rel) == 1) here.close();
      });
    });
  }
  bodies.push_back([&] {
    for (item& each : jobs) here.publish(each);
  });
  threads(bodies);
}

// A long job ends only when a sentinel has looked around three times, as if it waited for its own socket.
void long_job_is_attended() {
  place<2> here;
  here.has_limits = true;
  item job;
  signal attended;
  here.look_around = [&] { attended.set(); };
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < 2; ++i) {
    bodies.push_back([&, i] {
      here.work(i, [&](item&) {
        for (int round = 0; round < 3; ++round) attended.wait(false);
        here.close();
      });
    });
  }
  bodies.push_back([&] { here.publish(job); });
  threads(bodies);
}

// The same for two long jobs at once, which find three workers asleep and nobody on duty: the first that is woken wakes
// the second, and leaves it to that one to have somebody on duty.
void long_jobs_after_all_were_off_duty_are_attended() {
  place<3> here;
  here.has_limits = true;
  for (std::size_t i = 0; i < 3; ++i) static_cast<void>(here.sleepers.park(i, false));
  require(here.sleepers.after_round(0, rt::idle::round::at_length) == rt::idle::duty::off,
          "all sleep, so the first goes off duty");
  std::array<item, 2> jobs;
  std::array<signal, 2> attended;
  rt::atomic<int> ended{0};
  here.look_around = [&] {
    for (signal& each : attended) each.set();
  };
  std::vector<std::function<void()>> bodies;
  for (std::size_t i = 0; i < 3; ++i) {
    bodies.push_back([&, i] {
      here.work(
          i,
          [&](item& job) {
            attended[static_cast<std::size_t>(&job - jobs.data())].wait(false);
            if (ended.fetch_add(1, std::memory_order_acq_rel) == 1) here.close();
          },
          true);
    });
  }
  bodies.push_back([&] {
    rt::job_list both;
    for (item& each : jobs) both.push_back(each);
    here.shared.push_all(both);
    here.wake_one();
  });
  threads(bodies);
}

const registered one_by_one("one_worker", "a single worker sleeps through no job", {.preemptions = 3},
                            [] { no_job_is_slept_through<1, 2>(false); });
const registered two("two_workers", "two workers sleep through no job", {.preemptions = 3},
                     [] { no_job_is_slept_through<2, 1>(false); });
const registered two_jobs("two_workers_two_jobs", "a second job, published while one searches, is run", {},
                          [] { no_job_is_slept_through<2, 2>(false); });
const registered limits("with_a_sentinel", "rounds of the sentinel lose no wake-up", {},
                        [] { no_job_is_slept_through<2, 1>(true); });
const registered burst("burst_wakes_all", "the last searcher wakes the next one if there is more", {},
                       burst_wakes_all);
const registered second("second_job_while_one_searches", "what is published while one searches is found", {},
                        second_job_while_one_searches);
const registered attended("long_job_is_attended", "while one runs, a parked worker is sentinel", {},
                          long_job_is_attended);
const registered attended_late("long_jobs_after_all_were_off_duty_are_attended",
                               "who is woken for more work sees to a sentinel", {},
                               long_jobs_after_all_were_off_duty_are_attended);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
