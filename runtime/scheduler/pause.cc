#include "weft/rt/scheduler/pause.h"

#include <algorithm>
#include <mutex>

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

void pause_gate::attend(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  std::unique_lock<mutex> locked(lock_);
  places_[self] = place::halted;
  changed_.notify_all();
  changed_.wait(locked, [this] { return !asked_->load(std::memory_order_relaxed); });  // written under lock_
  places_[self] = place::away;
}

void pause_gate::depart(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  places_[self] = place::gone;
  changed_.notify_all();
}

void pause_gate::begin(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  std::unique_lock<mutex> locked(lock_);
  if (self != no_worker) {
    places_[self] = place::calling;  // before it waits for its turn: the one before may wait for us
    changed_.notify_all();
  }
  changed_.wait(locked, [this] { return !is_held_; });
  is_held_ = true;
  asked_->store(true, std::memory_order_relaxed);  // the lock orders it; for a sleeper the wake-up does
}

bool pause_gate::wait_for_all(std::chrono::steady_clock::time_point until) noexcept {
  std::unique_lock<mutex> locked(lock_);
  return changed_.wait_until(locked, until, [this] { return !is_anyone_away(); });
}

pause_gate::place pause_gate::place_of(std::size_t worker) noexcept {
  lock_guard<mutex> guard(lock_);
  return places_[worker];
}

void pause_gate::end(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (self != no_worker) places_[self] = place::away;
  is_held_ = false;
  asked_->store(false, std::memory_order_relaxed);  // attend() reads it under the lock
  changed_.notify_all();
}

bool pause_gate::is_anyone_away() const noexcept {
  return std::find(places_.begin(), places_.end(), place::away) != places_.end();
}

}  // namespace weft::inline WEFT_ABI::rt
