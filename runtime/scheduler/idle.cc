#include "weft/rt/scheduler/idle.h"

#include <algorithm>
#include <utility>

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

idle::idle(std::size_t workers, std::size_t spares)
    : workers_(workers),
      has_spares_(spares != 0),
      word_(std::uint64_t{0}),
      present_(workers),
      places_(workers + spares) {
  sleepers_.reserve(workers + spares);
}

std::size_t idle::take_locked() noexcept {
  std::size_t taken = sentinel_;
  if (!sleepers_.empty()) {
    taken = sleepers_.back();
    sleepers_.pop_back();
  } else {
    sentinel_ = nobody;
  }
  if (taken == nobody) return nobody;
  places_[taken].is_parked = false;
  ++departures_;
  word_->fetch_add(one_searching - one_parked, std::memory_order_acq_rel);
  return taken;
}

std::optional<std::size_t> idle::take_one_to_wake() noexcept {
  // Adds nothing: a read-modify-write, so that it has its place in the word's order (see the head).
  const std::uint64_t seen = word_->fetch_add(0, std::memory_order_acq_rel);
  if (parked(seen) == 0 || searching(seen) != 0) return std::nullopt;
  WEFT_CHAOS(late_wake);
  lock_guard<mutex> guard(lock_);
  if (searching(word_->load(std::memory_order_relaxed)) != 0)
    return std::nullopt;  // changed under lock_ or by us
  const std::size_t taken = take_locked();
  if (taken == nobody) return std::nullopt;
  return taken;
}

std::optional<std::size_t> idle::sleeper_for_duty() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (sentinel_ != nobody || sleepers_.empty()) return std::nullopt;
  return sleepers_.back();
}

bool idle::start_searching() noexcept {
  // At most half of the workers search: the others would only fight for the same few jobs.
  WEFT_CHAOS(yield);
  const std::uint64_t seen = word_->load(std::memory_order_relaxed);  // a throttle, no decision hangs on it
  if (2 * searching(seen) >= workers_) return false;
  word_->fetch_add(one_searching, std::memory_order_acq_rel);
  return true;
}

bool idle::stop_searching() noexcept {
  WEFT_CHAOS(yield);
  return searching(word_->fetch_sub(one_searching, std::memory_order_acq_rel)) == 1;
}

idle::post idle::park(std::size_t index, bool was_searching) noexcept {
  WEFT_CHAOS(late_wake);
  lock_guard<mutex> guard(lock_);
  place& own = places_[index];
  own.is_parked = true;
  const std::uint64_t change = one_parked - (was_searching ? one_searching : 0);
  const std::uint64_t before = word_->fetch_add(change, std::memory_order_acq_rel);
  // Others too have left their sleep since we looked last. They do so often, and another may soon.
  const bool are_others_about = departures_ > std::exchange(own.departures_seen, departures_) + 1;
  if (sentinel_ == nobody && (parked(before) + 1 < present_ || are_others_about)) {
    sentinel_ = index;
    return post::sentinel;
  }
  sleepers_.push_back(index);
  return post::sleeper;
}

idle::leaving idle::unpark(std::size_t index) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  const auto is_unattended = [this] { return sentinel_ == nobody && (has_spares_ || !sleepers_.empty()); };
  if (!places_[index].is_parked) return {.was_taken = true, .is_unattended = is_unattended()};
  places_[index].is_parked = false;
  ++departures_;
  word_->fetch_sub(one_parked, std::memory_order_acq_rel);
  if (sentinel_ == index) {
    sentinel_ = nobody;
  } else {
    sleepers_.erase(std::find(sleepers_.begin(), sleepers_.end(), index));
  }
  return {.was_taken = false, .is_unattended = is_unattended()};
}

idle::posture idle::posture_of(std::size_t index) noexcept {
  lock_guard<mutex> guard(lock_);
  if (!places_[index].is_parked) return posture::awake;
  return sentinel_ == index ? posture::on_duty : posture::asleep;
}

idle::duty idle::after_round(std::size_t index, round how) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (sentinel_ != index) return duty::relieved;
  const bool has_nobody_left = std::exchange(places_[index].departures_seen, departures_) == departures_;
  const bool quiet = has_nobody_left && sleepers_.size() + 1 == present_;
  if (!quiet || how == round::brief) return duty::next_round;
  sentinel_ = nobody;
  sleepers_.push_back(index);
  return duty::off;
}

void idle::join() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  ++present_;
}

void idle::leave() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  --present_;
}

bool idle::are_all_asleep() noexcept {
  lock_guard<mutex> guard(lock_);
  return parked(word_->load(std::memory_order_relaxed)) == present_;  // changed under lock_
}

}  // namespace weft::inline WEFT_ABI::rt
