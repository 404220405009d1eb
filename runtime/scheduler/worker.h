// One thread that runs jobs: the main loop.
//
// run() repeats step(); tests call step() themselves. Everything here is called by the worker's own thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/core_load.h"
#include "weft/rt/scheduler/duty_alarms.h"
#include "weft/rt/scheduler/find_work.h"
#include "weft/rt/scheduler/idle.h"
#include "weft/rt/scheduler/pause.h"
#include "weft/rt/scheduler/reserve.h"
#include "weft/rt/scheduler/spin.h"
#include "weft/rt/scheduler/station.h"
#include "weft/rt/scheduler/watch.h"
#include "weft/rt/work/frame_depot.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

class engine;
class scheduler;

// What a worker shares with its peers.
struct workplace {
  const std::size_t size;  // of workers that were asked for
  station_list stations;
  shared_queue shared;
  idle sleepers;
  duty_alarms alarms;
  pause_gate pauses;
  frame_depot frames;  // workers exchange them here
  watch watching;
  reserve spares;
  const core_load* const cores;
  outsider_counters outsiders;
  // Set once, when the scheduler stops: workers leave as soon as they find no job.
  atomic<bool> is_closing{false};

  // `load`: what else runs on the cores; null where nothing is to be spared.
  explicit workplace(std::size_t workers, std::size_t spare_workers = 0, watch_options watched = {},
                     const core_load* load = nullptr)
      : size(workers),
        shared(workers),
        sleepers(workers, spare_workers),
        alarms(workers + spare_workers, stations),
        pauses(workers + spare_workers),
        watching(workers + spare_workers, std::move(watched)),
        spares(workers, spare_workers),
        cores(load) {}

  // A job was published: wakes one worker, unless one searches already. False: nobody was woken.
  bool wake_one() noexcept;
  // One that was taken out of `sleepers`.
  WEFT_COLD void wake(std::size_t sleeper) noexcept;

  // Whether one who searches may spin, or would take the core of one who works.
  [[nodiscard]] bool may_spin() const noexcept {
    return cores == nullptr || !cores->is_crowded(sleepers.awake());
  }

  // A look at all workers: calls stand-ins for those who are blocked. True: somebody is to be told.
  [[nodiscard]] bool look_for_blocked() noexcept;
  void call_stand_in(absence of) noexcept;
  void wake_those_who_stand_in_no_more() noexcept;
};

class worker {
 public:
  worker(std::size_t index, workplace& shared, scheduler& home, engine* owner) noexcept;
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void run() noexcept;

  // Runs one job, or sleeps until there may be one. False once the scheduler closes and no job is left.
  bool step() noexcept;

  // In a job that steps aside at `leaf`. True: it would be the next one that step() runs; so that turn has begun.
  [[nodiscard]] bool begin_next_turn_alone(frame& leaf) noexcept;

  // In a job that ends and waits for `awaited`. True: that would be the next one that step() runs; so its turn has begun, and
  // it runs when this job comes back.
  bool begin_next_turn_with(job& awaited) noexcept;

  // In a job that is about to block, with everything handed over that others could do. False: it has said so before, and
  // owes no end.
  [[nodiscard]] bool begin_block_in_place() noexcept;
  void end_block_in_place() noexcept;

  [[nodiscard]] scheduler& home() const noexcept { return home_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] reactor& events() noexcept { return mine_.events; }
  [[nodiscard]] turn& current() noexcept { return turn_; }
  // Written by this worker's thread.
  [[nodiscard]] worker_counters& counts() noexcept { return mine_.counts; }
  [[nodiscard]] bool works_in(const workplace& place) const noexcept { return &place_ == &place; }
  // For reports. Zero until its thread runs.
  [[nodiscard]] std::int64_t thread_id() const noexcept {
    return thread_id_.load(std::memory_order_relaxed);  // a number for people
  }
  // Of a worker that has come to a pause.
  [[nodiscard]] bool is_searching() const noexcept { return is_searching_; }
  [[nodiscard]] const spin& spinning() const noexcept { return spin_; }
  // Called in a job: made ready by it.
  void submit(job& ready) noexcept;
  // The same for what goes behind those that are ready, and for several.
  void submit_last(job& ready) noexcept {
    finder_.enqueue(ready);
    wake_another();
  }
  void submit_last(job_list& ready) noexcept;

 private:
  [[nodiscard]] job* next_job() noexcept;
  [[nodiscard]] job* search() noexcept;
  [[nodiscard]] job* search_alone() noexcept;
  void attend_pause() noexcept;
  [[nodiscard]] bool may_begin_next_turn() noexcept;
  void begin_next_turn() noexcept;
  void run_job(job& next) noexcept;
  void submit_later() noexcept;
  void wake_another() noexcept {
    if (place_.stations.size() > 1) place_.wake_one();
  }
  bool sleep_until_work() noexcept;
  void wait_in_reactor(idle::post post, job_list& ready) noexcept;
  void wake_up() noexcept;
  enum class relief : std::uint8_t { at_once, later };
  void hand_on_duty(relief when) noexcept;
  bool take_back_alarm() noexcept;
  void tell_of_blocked() noexcept;

  // worker_away.cc
  void hand_over() noexcept;
  void run_as_spare() noexcept;
  void stand_in_no_more() noexcept;
  [[nodiscard]] std::optional<absence> rest_until_called() noexcept;
  void keep_watch() noexcept;

  // Who sets alarms at intervals below this spends more on them than a sentinel on its rounds.
  static constexpr std::int64_t often_ns = 4'000'000;

  const std::size_t index_;
  workplace& place_;
  scheduler& home_;
  station& mine_;
  find_work finder_;
  spin spin_;
  turn turn_;
  bool is_searching_ = false;
  std::uint32_t steps_ = 0;
  std::uint32_t cuts_in_a_row_ = 0;
  bool owes_sentinel_ = false;
  std::optional<std::size_t> has_alarm_on_;    // who will be woken if we run for long
  std::int64_t unattended_at_ns_ = -often_ns;  // when we set an alarm last
  bool is_often_unattended_ = false;
  bool has_news_ = false;              // our look as sentinel found somebody to tell of
  atomic<std::int64_t> thread_id_{0};  // written by run()
};

}  // namespace weft::inline WEFT_ABI::rt
