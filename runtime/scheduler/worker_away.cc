// A worker that is away from its loop, and the spare that stands in for it: the part of worker that few programs need.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <utility>

#include "weft/rt/base/backoff.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/scheduler/sentinel.h"
#include "weft/rt/scheduler/worker.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

std::uint64_t pulse_of(const station& its) noexcept {
  return its.at->pulse.load(std::memory_order_relaxed);  // a number to compare, see turn.h
}

}  // namespace

void workplace::call_stand_in(absence of) noexcept {
  if (spares.is_empty()) return;
  if (const auto spare = spares.call(of)) stations[*spare]->events.wake();
}

void workplace::wake_those_who_stand_in_no_more() noexcept {
  if (spares.is_empty()) return;
  spares.for_each_done([this](const absence& of) { return pulse_of(*stations[of.worker]) != of.pulse; },
                       [this](std::size_t spare) { stations[spare]->events.wake(); });
}

bool workplace::look_for_blocked() noexcept {
  if (!watching.is_on()) return false;
  const bool has_news = watching.look(stations, os::now_ns(), [this](const sighting& seen) {
    call_stand_in({.worker = seen.worker, .pulse = seen.pulse});
  });
  wake_those_who_stand_in_no_more();
  return has_news;
}

// --- blocking in place

bool worker::begin_block_in_place() noexcept {
  if (!turn::is_at_job(turn_.pulse.load(std::memory_order_relaxed))) return false;  // inside another one
  turn_.be_without_job();
  hand_over();
  place_.call_stand_in({.worker = index_, .pulse = pulse_of(mine_)});
  WEFT_CHAOS(yield);
  if (finder_.is_any_left()) place_.wake_one();
  return true;
}

void worker::end_block_in_place() noexcept {
  turn_.begin_job();
  place_.wake_those_who_stand_in_no_more();
}

// Into the shared queue, where busy workers look too: a neighbour's own queue is for those who have nothing else.
void worker::hand_over() noexcept {
  job_list held;
  held.splice(turn_.later);
  if (job* next = mine_.next.take()) held.push_back(*next);
  while (job* each = mine_.forks.pop_for_sure()) held.push_back(*each);
  while (job* each = mine_.ready.pop()) held.push_back(*each);
  if (!held.empty()) place_.shared.push_all(held);
}

// --- standing in

void worker::run_as_spare() noexcept {
  place_.spares.rest(index_);
  while (const std::optional<absence> of = rest_until_called()) {
    if (const auto next = place_.spares.take_one_to_watch()) place_.stations[*next]->events.wake();
    place_.sleepers.join();
    // A chain that was only cut is still ours.
    const auto is_wanted = [&] {
      return turn_.resume_first != nullptr || pulse_of(*place_.stations[of->worker]) == of->pulse;
    };
    while (is_wanted() && step()) {
    }
    stand_in_no_more();
  }
}

// As a worker that finds no job, but for good: what it was woken for, others are woken for.
void worker::stand_in_no_more() noexcept {
  turn_.be_without_job();
  hand_over();
  if (std::exchange(is_searching_, false)) static_cast<void>(place_.sleepers.stop_searching());
  place_.sleepers.leave();
  if (take_back_alarm()) owes_sentinel_ = true;  // and do not park
  hand_on_duty(relief::at_once);
  WEFT_CHAOS(late_wake);
  if (finder_.is_any_left()) place_.wake_one();
  place_.spares.rest(index_);
}

std::optional<absence> worker::rest_until_called() noexcept {
  constexpr std::int64_t no_limit = -1;
  for (;;) {
    if (place_.pauses.is_asked()) attend_pause();
    for (backoff pause; !mine_.events.try_sit();) pause.pause();
    // After sitting down, as in sleep_until_work(): now a wake-up reaches us.
    const bool is_closing =
        place_.is_closing.load(std::memory_order_acquire);  // pairs with scheduler::close()
    const std::optional<absence> called = place_.spares.take_call(index_);
    const bool is_on_watch = place_.watching.is_on() && place_.spares.is_on_watch(index_);
    job_list ready;
    if (!is_closing && !called && !place_.pauses.is_asked()) {
      const std::int64_t round = place_.watching.longest_round_ns(sentinel::usual_longest);
      mine_.events.wait(is_on_watch ? round : no_limit, ready);
    }
    mine_.events.stand_up();
    // Timers of coroutines that it ran: others run them now.
    if (!ready.empty()) {
      place_.shared.push_all(ready);
      place_.wake_one();
    }
    if (called) return called;
    if (is_closing) return std::nullopt;
    if (is_on_watch) keep_watch();
  }
}

void worker::keep_watch() noexcept {
  if (place_.look_for_blocked()) place_.watching.tell_news();
  place_.spares.leave_watch_if(index_, [this] { return place_.sleepers.are_all_asleep(); });
}

}  // namespace weft::inline WEFT_ABI::rt
