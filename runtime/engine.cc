#include "weft/rt/engine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include "weft/rt/base/check.h"
#include "weft/rt/base/core_load.h"
#include "weft/rt/base/padded.h"
#include "weft/rt/blocked_reporter.h"
#include "weft/rt/engine_list.h"
#include "weft/rt/offload/blocking_pool.h"
#include "weft/rt/offload/compute_pool.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/os/cpus.h"
#include "weft/rt/report.h"
#include "weft/rt/scheduler/scheduler.h"
#include "weft/rt/work/await_trail.h"
#include "weft/rt/work/coroutine_name.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

void print_unhandled(const unhandled_error& lost) {
  std::string what = "an exception that is no std::exception";
  WEFT_TRY {
    if (lost.error) std::rethrow_exception(lost.error);
  }
#if defined(__cpp_exceptions)
  catch (const std::exception& thrown) {
    what = thrown.what();
  }
#endif
  WEFT_CATCH_ALL {}
  std::string places;
  WEFT_TRY {
    write_spawned_at(lost.spawned_at, "  ", places);
    write_places(lost.stack, lost.left_out, "  ", places);
  }
  WEFT_CATCH_ALL {}  // no memory: so far as it came
  std::fprintf(stderr, "weft: nobody took the error of task %.*s: %s\n%s", static_cast<int>(lost.name.size()),
               lost.name.data(), what.c_str(), places.c_str());
}

// Tasks enter and leave on all workers at once: several lists, so that they seldom meet at a lock.
constexpr std::size_t roster_count = 16;

std::size_t roster_of(const roster::member& one) noexcept {
  return (reinterpret_cast<std::uintptr_t>(&one) >> 7) % roster_count;
}

std::int64_t as_patience(std::chrono::milliseconds chosen) noexcept {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);  // can be added to the clock
  return std::chrono::nanoseconds(std::min(chosen, longest)).count();
}

}  // namespace

struct engine::parts {
  parts(const options& chosen, unsigned workers, unsigned cpus, engine& owner)
      : name(chosen.name),
        blocked(chosen.on_blocked_worker ? chosen.on_blocked_worker : blocked_printer(), name),
        cores(cpus),
        threads(workers, chosen.spare_workers,
                {.patience_ns = as_patience(chosen.blocked_after),
                 .tell = [this](const sighting& seen) { blocked.tell(seen); }},
                owner, &cores),
        compute({.threads = chosen.compute_threads.value_or(cpus), .cores = &cores}, {&submit_to, &owner}),
        blocking({.max_threads = chosen.blocking_threads, .keep_alive = chosen.blocking_keep_alive},
                 {&submit_to, &owner}) {}

  static void submit_to(void* owner, job& ready) noexcept { static_cast<engine*>(owner)->submit(ready); }

  const std::string name;
  blocked_reporter blocked;
  std::array<padded<roster>, roster_count> tasks;
  last_leave tasks_ended;
  bool is_stopped = false;  // of the thread that stops

  core_load cores;  // before those who look at it
  scheduler threads;
  compute_pool compute;
  blocking_pool blocking;
};

engine::engine(const options& chosen) : root_context_{this, nullptr, &missed_stops_} {
  const unsigned cpus = os::usable_cpus();
  const unsigned workers = chosen.workers.value_or(cpus);
  if (workers == 0)
    WEFT_THROW(std::invalid_argument("runtime_options::workers is zero: a runtime needs a worker"));
  if (workers > 1024) {
    WEFT_THROW(std::invalid_argument("runtime_options::workers is " + std::to_string(workers) +
                                     ": at most 1024; workers are for CPUs, not for tasks"));
  }
  if (chosen.compute_threads == 0u) {
    WEFT_THROW(std::invalid_argument("runtime_options::compute_threads is zero: compute() could never run"));
  }
  if (chosen.blocking_threads == 0) {
    WEFT_THROW(
        std::invalid_argument("runtime_options::blocking_threads is zero: spawn_blocking() could never run"));
  }
  if (chosen.blocked_after.count() < 0) {
    WEFT_THROW(
        std::invalid_argument("runtime_options::blocked_after is negative; zero turns the reports off"));
  }
  if (chosen.spare_workers > 1024) {
    WEFT_THROW(std::invalid_argument("runtime_options::spare_workers is " +
                                     std::to_string(chosen.spare_workers) +
                                     ": at most 1024; functions that block belong to spawn_blocking()"));
  }
  unhandled_ = std::make_shared<const reporter>(chosen.on_unhandled_error ? chosen.on_unhandled_error
                                                                          : reporter(&print_unhandled));
  parts_ = std::make_unique<parts>(chosen, workers, cpus, *this);
  if (const std::error_code failed = parts_->threads.start(std::string(chosen.name))) {
    WEFT_THROW(std::system_error(failed, "weft could not start its workers"));
  }
  engine_list::add(*this);
}

engine::~engine() {
  stop();
  engine_list::remove(*this);
}

void engine::stop() noexcept {
  parts& all = *parts_;
  if (all.is_stopped) return;
  WEFT_CHECK(!is_on_worker(), "a runtime cannot be stopped by one of its own workers");
  all.is_stopped = true;
  // Refuse new roots, and ask all to stop. Everything they may need to unwind is still alive.
  job_list ready;
  // All rosters at once: a task that awaits another one is asked before it can hear that the other was stopped.
  {
    std::array<std::unique_lock<spin_lock>, roster_count> held;
    for (std::size_t i = 0; i < roster_count; ++i) held[i] = all.tasks[i]->hold();
    for (std::size_t i = 0; i < roster_count; ++i) all.tasks[i]->close_and_stop(ready, held[i]);
  }
  submit(ready);
  for (auto& each : all.tasks) {
    if (!each->leave_unlisted()) all.tasks_ended.wait_for(*each);
  }
  all.compute.drain();
  all.blocking.drain_and_join();
  all.threads.close();
}

void engine::submit(job& ready) noexcept {
  parts_->threads.submit(ready);
}
void engine::submit(job_list& ready) noexcept {
  parts_->threads.submit(ready);
}
void engine::spawn(job& first) noexcept {
  parts_->threads.spawn(first);
}
void engine::fork(job& child) {
  parts_->threads.fork(child);
}
void engine::offer_forked() noexcept {
  parts_->threads.offer_forked();
}
bool engine::begin_next_turn_alone(frame& leaf) noexcept {
  return this_turn().self->begin_next_turn_alone(leaf);
}
void engine::begin_next_turn_with(job& awaited) noexcept {
  this_turn().self->begin_next_turn_with(awaited);
}
bool engine::is_on_worker() const noexcept {
  return parts_->threads.is_on_worker();
}
std::size_t engine::worker_count() const noexcept {
  return parts_->threads.size();
}

bool engine::has_core_to_spare() const noexcept {
  return !parts_->cores.is_crowded(parts_->threads.awake() + 1);
}

bool engine::begin_block_in_place() noexcept {
  return parts_->threads.begin_block_in_place();
}
void engine::end_block_in_place() noexcept {
  parts_->threads.end_block_in_place();
}

bool engine::admit(roster::member& joining) noexcept {
  return parts_->tasks[roster_of(joining)]->admit(joining);
}
void engine::leave(roster::member& leaving) noexcept {
  if (parts_->tasks[roster_of(leaving)]->leave(leaving)) [[unlikely]]
    parts_->tasks_ended.tell();
}

std::int64_t engine::now_ns() const noexcept {
  return os::now_ns();
}

void engine::prepare(timer& waiting, std::int64_t due_ns) noexcept {
  waiting.prepare(parts_->threads.own_reactor().timers(), due_ns);
}

bool engine::insert(timer& waiting) noexcept {
  return parts_->threads.own_reactor().insert(waiting) != timer_inserted::refused;
}

bool engine::cancel(timer& armed) noexcept {
  return armed.wheel->cancel(armed);
}

std::error_code engine::add(os::fd file, placement where, descriptor& added) noexcept {
  reactor& home =
      where == placement::here ? parts_->threads.lasting_reactor() : parts_->threads.next_reactor();
  return home.io().add(std::move(file), added);
}

std::string engine::dump(const dump_options& how) {
  parts& all = *parts_;
  return write_report({.name = all.name,
                       .threads = all.threads,
                       .compute = all.compute,
                       .blocking = all.blocking,
                       .tasks = all.tasks},
                      how);
}

runtime_stats engine::stats() const {
  return read_stats(parts_->threads);
}

start_outcome engine::compute(call& given) noexcept {
  return parts_->compute.start(given);
}
start_outcome engine::block(call& given) noexcept {
  return parts_->blocking.start(given);
}

}  // namespace weft::inline WEFT_ABI::rt
