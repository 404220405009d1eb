// Where a worker waits: a backend for input and output, a wheel for time, and one seat in front of both.
//
// Only the holder of the seat waits or harvests. A worker that parks here keeps the seat while it sleeps, so
// that no neighbour harvests in its place and leaves it asleep; neighbours poll() when the seat is free.
//
// How a sleeping owner is never missed: it sits, announces that it sleeps (the scheduler's word), looks once
// more for work, and only then waits. Who submits work looks at the announcement afterwards, and calls
// wake(). A wake() that comes while nobody sits may be used up by a neighbour's poll().
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/tally.h"
#include "weft/rt/reactor/backend.h"
#include "weft/rt/reactor/timer_wheel.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

class reactor {
 public:
  explicit reactor(std::unique_ptr<backend> io) noexcept;
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;
  ~reactor();

  [[nodiscard]] backend& io() noexcept { return *io_; }
  // For cancel() and prepare(); insert through the reactor.
  [[nodiscard]] timer_wheel& timers() noexcept { return timers_; }
  [[nodiscard]] std::int64_t now_ns() const noexcept { return io_->now_ns(); }

  // Any thread. False: another has the seat.
  [[nodiscard]] bool try_sit() noexcept;
  void stand_up() noexcept;

  // Holder of the seat. Sleeps until an event, a timer, a wake() or the limit (below zero: none), and appends
  // what became ready. May return early, with nothing.
  void wait(std::int64_t limit_ns, job_list& ready) noexcept;

  // Any thread. Appends what is ready now, without sleeping. False: nothing was, or another has the seat.
  bool poll(job_list& ready) noexcept;

  // Any thread. Makes the holder of the seat return from wait(), or from its next one.
  void wake() noexcept { io_->wake(); }

  // Any thread. See backend::wake_at().
  void wake_at(std::int64_t due_ns) noexcept { io_->wake_at(due_ns); }

  // Any thread. As timer_wheel::insert; wakes the sleeper if it would sleep too long.
  [[nodiscard]] timer_inserted insert(timer& waiting) noexcept;

  // Until when the holder of the seat may sleep, for those who wait elsewhere; timer_wheel::never when no
  // timer runs.
  [[nodiscard]] std::int64_t next_deadline() noexcept { return timers_.next_deadline(); }

  // Any thread. How often events were asked for, by wait() and by poll().
  [[nodiscard]] std::uint64_t polls() const noexcept { return polls_.read(); }

 private:
  void expire(job_list& ready) noexcept;

  std::unique_ptr<backend> io_;
  timer_wheel timers_;

  // Taken by try_sit(), acquire; given back by stand_up(), release: the seat hands over what its holder
  // wrote.
  atomic<bool> is_taken_{false};
  // Written by the holder of the seat; read by insert(). The wheel's lock orders both: see wait().
  atomic<bool> is_asleep_{false};
  tally polls_;  // written by the holder of the seat
};

}  // namespace weft::inline WEFT_ABI::rt
