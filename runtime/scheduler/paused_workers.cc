#include "weft/rt/scheduler/paused_workers.h"

#include <algorithm>

#include "weft/rt/scheduler/current.h"
#include "weft/rt/scheduler/scheduler.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr std::chrono::milliseconds longest_patience = std::chrono::hours(24);

worker_view::doing doing_of(worker& one, pause_gate::place where, idle::posture before) noexcept {
  using doing = worker_view::doing;
  switch (where) {
    case pause_gate::place::gone:
      return doing::ended;
    case pause_gate::place::calling:
      return doing::calling;
    case pause_gate::place::halted:
      break;
    case pause_gate::place::away:
      return doing::busy;
  }
  if (before == idle::posture::on_duty) return doing::on_duty;
  if (before == idle::posture::asleep) return doing::asleep;
  return one.is_searching() ? doing::searching : doing::between;
}

}  // namespace

paused_workers::paused_workers(scheduler& of, std::chrono::milliseconds patience)
    : of_(of), self_(of.is_on_worker() ? this_turn().self->index() : pause_gate::no_worker) {
  workplace& place = of.place_;
  const std::size_t count = place.stations.size();
  views_.reserve(count);  // what can throw comes before the pause
  std::vector<idle::posture> before;
  before.reserve(count);
  const auto limit = std::clamp(patience, std::chrono::milliseconds::zero(), longest_patience);

  place.pauses.begin(self_);
  for (std::size_t i = 0; i < count; ++i) before.push_back(place.sleepers.posture_of(i));
  for (const auto& each : place.stations) each->events.wake();
  is_complete_ = place.pauses.wait_for_all(std::chrono::steady_clock::now() + limit);

  for (std::size_t i = 0; i < count; ++i) {
    worker& one = *of.workers_[i];
    station& its = *place.stations[i];
    // One that comes only now is no longer busy, but it came too late for a walk.
    worker_view::doing now = doing_of(one, place.pauses.place_of(i), before[i]);
    if (now == worker_view::doing::between && place.spares.is_resting(i)) now = worker_view::doing::resting;
    // SAFETY: who is calling stands still in pause_gate, or is the calling thread; the gate's lock ordered
    // its writes.
    frame* const running = now == worker_view::doing::calling ? one.current().running : nullptr;
    views_.push_back({.now = now,
                      .thread_id = one.thread_id(),
                      .ready = its.ready.size() + (its.next.empty() ? 0 : 1),
                      .forked = its.forks.size(),
                      .timers = its.events.timers().size(),
                      .descriptors = its.events.io().open_descriptors(),
                      .waiting = its.events.io().waiting_operations(),
                      .running = running,
                      .resumed_at = one.current().resumed_at.load(std::memory_order_relaxed)});  // a name
  }
}

paused_workers::~paused_workers() {
  of_.place_.pauses.end(self_);
}

}  // namespace weft::inline WEFT_ABI::rt
