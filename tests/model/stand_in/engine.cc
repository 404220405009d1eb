// rt::engine for models: everything above the scheduler is real, the scheduler is a few lines.
//
// Workers are threads of the model. They take submitted jobs first in, first out, children from their own (real)
// fork_queue, and, when told of some, from the others'. When there is nothing they wait without a limit. The
// submitted jobs stand in the explorer's own memory: handing one over is one scheduling point, and orders what was
// done before. The roster, the timer wheel and the crew of offloaded functions are real; time passes when a model says
// so.
#include "tests/model/stand_in/engine.h"

#include <deque>
#include <utility>
#include <vector>

#include "weft/model/model.h"
#include "weft/rt/base/check.h"
#include "weft/rt/offload/crew.h"
#include "weft/rt/reactor/timer_wheel.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/fork_queue.h"

extern "C" thread_local weft::rt::turn* weft_current_turn;

namespace weft::inline WEFT_ABI::rt {

struct engine::parts {
  struct seat {
    fork_queue forks{2};
    turn now;
  };

  parts(const options& chosen, engine& owner)
      : seats(chosen.workers.value_or(1)),
        functions({.max_threads = chosen.blocking_threads}, {&submit_to, &owner}) {}

  static void submit_to(void* owner, job& ready) noexcept { static_cast<engine*>(owner)->submit(ready); }

  // Every fork is offered.
  const atomic<std::uint64_t> somebody_sleeps{std::uint64_t{1} << 32};

  void submit(job& ready, std::source_location at) {
    model::explorer::get().point();
    content.give();
    jobs.push_back(&ready);
    if (model::explorer::get().is_traced()) model::explorer::get().note("submits a job", at);
  }

  job* steal(std::size_t self) {
    for (std::size_t i = 1; i < seats.size(); ++i) {
      if (job* found = seats[(self + i) % seats.size()].forks.steal()) return found;
    }
    return nullptr;
  }

  void work(std::size_t self) {
    turn& now = seats[self].now;
    now.forks = &seats[self].forks;
    now.others = &somebody_sleeps;
    const turn_guard entered(now);
    std::uint64_t offers_seen = 0;
    for (;;) {
      job* next = std::exchange(now.resume_first, nullptr);
      // For sure: a thief that gives something back may wait next, and nobody looks in on the others here.
      if (next == nullptr) next = now.forks->pop_for_sure();
      if (next == nullptr && offers_seen != offers) {
        offers_seen = offers;
        next = steal(self);
      }
      if (next == nullptr) {
        struct waiting {
          const parts* all;
          std::uint64_t seen;
        } const until{this, offers_seen};
        model::explorer::get().wait_until(
            [](const void* of) noexcept {
              const auto& each = *static_cast<const waiting*>(of);
              return !each.all->jobs.empty() || each.all->is_over || each.all->offers != each.seen;
            },
            &until, "a job", std::source_location::current());
        if (!jobs.empty()) {
          content.take();
          next = jobs.front();
          jobs.pop_front();
        } else if (is_over) {
          return;
        } else {
          content.take();
          continue;
        }
      }
      if (model::explorer::get().is_traced())
        model::explorer::get().note("runs a job", std::source_location::current());
      now.transfers_left = turn::transfer_budget;
      now.operations_left = turn::operation_budget;
      now.run(*next);
      while (job* later = now.later.pop_front()) submit(*later, std::source_location::current());
    }
  }

  std::vector<seat> seats;
  std::vector<std::size_t> threads;
  std::deque<job*> jobs;
  model::handed_over content;
  std::uint64_t offers = 0;
  bool is_over = false;
  bool is_stopped = false;
  roster tasks;
  last_leave tasks_ended;
  timer_wheel wheel{0};
  crew functions;
};

engine::engine(const options& chosen) : root_context_{this, nullptr, &missed_stops_} {
  model::explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  unhandled_ = std::make_shared<const reporter>(
      chosen.on_unhandled_error ? chosen.on_unhandled_error : [](const unhandled_error&) {
        model::require(false, "no error is left that nobody took");
      });
  parts_ = std::make_unique<parts>(chosen, *this);
  for (std::size_t i = 0; i < parts_->seats.size(); ++i) {
    parts_->seats[i].now.home = this;
    parts_->threads.push_back(model::explorer::get().start_thread([all = parts_.get(), i] { all->work(i); }));
  }
}

engine::~engine() {
  stop();
}

void engine::stop() noexcept {
  parts& all = *parts_;
  if (std::exchange(all.is_stopped, true)) return;
  job_list ready;
  all.tasks.close_and_stop(ready);
  submit(ready);
  if (!all.tasks.leave_unlisted()) all.tasks_ended.wait_for(all.tasks);
  all.functions.drain_and_join();
  model::explorer::get().point();
  all.content.give();
  all.is_over = true;
  for (const std::size_t each : all.threads) {
    model::explorer::get().wait_for_end(each, std::source_location::current());
  }
  model::require(all.jobs.empty(), "no job is left when no task lives");
}

void engine::submit(job& ready) noexcept {
  parts_->submit(ready, std::source_location::current());
}
void engine::submit(job_list& ready) noexcept {
  while (job* each = ready.pop_front()) submit(*each);
}
void engine::spawn(job& first) noexcept {
  submit(first);
}
void engine::fork(job& child) {
  this_turn().forks->push(child);
}
void engine::offer_forked() noexcept {
  model::explorer::get().point();
  parts_->content.give();
  ++parts_->offers;
}
bool engine::begin_next_turn_alone(frame&) noexcept {
  return false;
}
void engine::begin_next_turn_with(job&) noexcept {}
bool engine::is_on_worker() const noexcept {
  return this_turn().home == this;
}
std::size_t engine::worker_count() const noexcept {
  return parts_->seats.size();
}
bool engine::admit(roster::member& joining) noexcept {
  return parts_->tasks.admit(joining);
}
void engine::leave(roster::member& leaving) noexcept {
  if (parts_->tasks.leave(leaving)) parts_->tasks_ended.tell();
}

std::int64_t engine::now_ns() const noexcept {
  return model::explorer::get().now_ns();
}
void engine::prepare(timer& waiting, std::int64_t due_ns) noexcept {
  waiting.prepare(parts_->wheel, due_ns);
}
bool engine::insert(timer& waiting) noexcept {
  return parts_->wheel.insert(waiting) != timer_inserted::refused;
}
bool engine::cancel(timer& armed) noexcept {
  return armed.wheel->cancel(armed);
}

options engine_of(unsigned workers) {
  options chosen;
  chosen.workers = workers;
  chosen.on_unhandled_error = [](const unhandled_error&) {};
  return chosen;
}

void let_time_pass(engine& home, std::int64_t by_ns) {
  model::explorer::get().let_time_pass(by_ns);
  timer any(nullptr);
  home.prepare(any, 0);  // to find the wheel
  job_list ready;
  any.wheel->expire(home.now_ns(), ready);
  home.submit(ready);
}

start_outcome engine::block(call& given) noexcept {
  return parts_->functions.start(given);
}

// What no model needs so far.
std::error_code engine::add(os::fd, placement, descriptor&) noexcept {
  WEFT_CHECK(false, "a model's engine has no descriptors");
  return {};
}
start_outcome engine::compute(call&) noexcept {
  WEFT_CHECK(false, "a model's engine has no oneTBB");
  return start_outcome::refused;
}

}  // namespace weft::inline WEFT_ABI::rt
