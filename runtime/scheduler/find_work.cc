#include "weft/rt/scheduler/find_work.h"

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

find_work::find_work(std::size_t own, const station_list& all, shared_queue& shared) noexcept
    : own_(own), all_(all), mine_(*all[own]), shared_(shared), victims_(own + 1) {}

job* find_work::next() noexcept {
  ++turn_;
  if (WEFT_CHAOS(shuffle)) turn_ = 0;
  if (turn_ % shared_first_every == 0) {
    harvest_own();
    if (job* found = shared_.pop(turn_)) {
      note_unannounced();  // what was to be next may be ours alone to know
      return found;
    }
  }
  if (turn_ % ready_first_every == 0) {
    if (job* found = next_ready()) return found;
  }
  if (job* found = mine_.forks.pop()) return found;
  if (job* found = next_ready()) return found;
  if (job* found = shared_.pop(turn_)) return found;
  if (harvest_own()) return mine_.ready.pop();
  return nullptr;
}

job* find_work::next_ready() noexcept {
  if (WEFT_CHAOS(shuffle)) next_in_a_row_ = most_next_in_a_row;
  if (next_in_a_row_ < most_next_in_a_row) {
    if (job* found = mine_.next.take()) {
      ++next_in_a_row_;
      return found;
    }
  }
  next_in_a_row_ = 0;
  if (job* found = mine_.ready.pop()) return found;
  return mine_.next.take();
}

job* find_work::next_from_outside() noexcept {
  harvest_own();
  if (job* found = shared_.pop(turn_)) return found;
  if (job* found = next_ready()) return found;
  return next();
}

job* find_work::steal() noexcept {
  const auto count = static_cast<std::uint32_t>(all_.size());
  if (count == 1) return nullptr;
  const std::uint32_t first = victims_.below(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t at = (first + i) % count;
    if (WEFT_CHAOS(shuffle)) continue;
    if (at == own_) continue;
    station& victim = *all_[at];
    if (job* found = victim.forks.steal_into(mine_.forks)) return count_steal(found);
    if (mine_.ready.has_room_for_half()) {
      if (job* found = victim.ready.steal_half_into(mine_.ready)) return count_steal(found);
    }
  }
  mine_.counts.failed_steals.add();
  return shared_.pop(turn_);
}

bool find_work::rescue_next() noexcept {
  bool found = false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (i == own_) continue;
    if (job* waiting = all_[i]->next.steal()) {
      enqueue(*waiting);
      found = true;
    }
  }
  if (found) note_unannounced();
  return found;
}

bool find_work::is_any_left() const noexcept {
  if (!shared_.empty()) return true;
  for (const auto& each : all_) {
    if (!each->forks.empty() || !each->ready.empty()) return true;
  }
  return false;
}

void find_work::enqueue(job_list& ready) noexcept {
  job_list overflow;
  if (!ready.empty() && WEFT_CHAOS(shuffle)) ready.push_back(*ready.pop_front());
  while (job* each = ready.pop_front()) mine_.ready.push_or_overflow(*each, overflow);
  if (!overflow.empty()) push_overflow(overflow);
}

void find_work::enqueue_to_full(job& ready) noexcept {
  job_list overflow;
  mine_.ready.push_or_overflow(ready, overflow);
  if (!overflow.empty()) push_overflow(overflow);
}

void find_work::push_overflow(job_list& overflow) noexcept {
  mine_.counts.overflowed.add(overflow.size());
  shared_.push_all(overflow);
}

bool find_work::harvest_own() noexcept {
  return harvest(mine_.events);
}

bool find_work::harvest_neighbours() noexcept {
  bool found = false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (i == own_ || !harvest(all_[i]->events)) continue;
    mine_.counts.neighbours_harvested.add();
    found = true;
  }
  return found;
}

bool find_work::harvest(reactor& from) noexcept {
  job_list ready;
  from.poll(ready);
  if (ready.empty()) return false;
  enqueue(ready);
  note_unannounced();
  return true;
}

}  // namespace weft::inline WEFT_ABI::rt
