// Workers and what they share: who runs what.
//
// submit() and fork() may be called by any thread; a worker's submissions go to its own queue, all others to
// the shared one. After close() has returned no job runs any more.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "weft/rt/os/thread.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/scheduler/worker.h"

namespace weft::inline WEFT_ABI::rt {

class engine;
class paused_workers;

class scheduler {
 public:
  // `workers` is at least 1. `owner` is what tasks on our workers call home. `load`: see workplace; outlives us.
  scheduler(std::size_t workers, engine& owner, const core_load* load = nullptr)
      : scheduler(workers, 0, {}, owner, load) {}
  scheduler(std::size_t workers, std::size_t spares, watch_options watched, engine& owner,
            const core_load* load = nullptr)
      : owner_(owner), total_(workers + spares), place_(workers, spares, std::move(watched), load) {}
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;
  ~scheduler();

  // Opens the reactors and starts the threads. On an error everything that was started is ended again.
  [[nodiscard]] std::error_code start(const std::string& name);

  // Workers leave when they find no more jobs; joins them. The caller is no worker and submits nothing
  // afterwards.
  void close() noexcept;

  // On a worker of ours one job is what it runs next, if nothing else is; several go behind those that are ready.
  void submit(job& ready) noexcept;
  void submit(job_list& ready) noexcept;
  // The first job of a task: behind those that are ready.
  void spawn(job& first) noexcept {
    // Before it may run: who sees its end sees it counted.
    worker* const self = this_turn().self;
    if (self != nullptr && &self->home() == this) [[likely]] {
      self->counts().spawns.add();
      self->submit_last(first);
    } else {
      place_.outsiders.spawns.add();
      submit_from_outside(first);
    }
  }

  // Called on a worker of ours. Children are taken back last in, first out, or stolen, oldest first.
  void fork(job& child);
  // Several children were forked: offers them to the others.
  void offer_forked() noexcept;

  [[nodiscard]] bool is_on_worker() const noexcept {
    const worker* self = this_turn().self;
    return self != nullptr && &self->home() == this;
  }

  // Without the spares.
  [[nodiscard]] std::size_t size() const noexcept { return place_.size; }
  [[nodiscard]] std::size_t size_with_spares() const noexcept { return total_; }
  // Workers that do not sleep; a hint.
  [[nodiscard]] std::size_t awake() const noexcept { return place_.sleepers.awake(); }
  // Jobs in the shared queue; a hint.
  [[nodiscard]] std::size_t shared_size() const noexcept { return place_.shared.size(); }
  // Any thread, once started.
  [[nodiscard]] const worker_counters& counted_by(std::size_t index) const noexcept {
    return place_.stations[index]->counts;
  }
  [[nodiscard]] const outsider_counters& counted_outside() const noexcept { return place_.outsiders; }
  [[nodiscard]] std::uint64_t forked_by(std::size_t index) const noexcept {
    return workers_[index]->current().forked.read();
  }
  [[nodiscard]] std::uint64_t polls_of(std::size_t index) const noexcept {
    return place_.stations[index]->events.polls();
  }
  // The calling worker's reactor; elsewhere, and for what is to be spread, one after the other.
  [[nodiscard]] reactor& own_reactor() noexcept;
  [[nodiscard]] reactor& next_reactor() noexcept;
  // The same for what stays for long: no spare's.
  [[nodiscard]] reactor& lasting_reactor() noexcept;

  // On a worker of ours, inside a job: see worker.
  [[nodiscard]] bool begin_block_in_place() noexcept { return this_turn().self->begin_block_in_place(); }
  void end_block_in_place() noexcept { this_turn().self->end_block_in_place(); }

 private:
  friend class paused_workers;

  void submit_from_outside(job& ready) noexcept;

  engine& owner_;
  const std::size_t total_;  // workers and spares
  workplace place_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<os::thread> threads_;
  // Threads that are no workers and are inside submit(): close() waits for them, because the job that they submit may
  // be the last one, and may have run before they are through.
  atomic<std::size_t> outsiders_{0};
  atomic<std::size_t> next_{0};  // deals reactors round; written by any thread
};

}  // namespace weft::inline WEFT_ABI::rt
