#include "weft/rt/scheduler/reserve.h"

#include "weft/rt/base/chaos.h"

namespace weft::inline WEFT_ABI::rt {

std::optional<std::size_t> reserve::call(absence of) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  std::size_t found = nobody;
  for (std::size_t i = 0; i < spares_.size(); ++i) {
    if (spares_[i].now == state::resting) {
      found = i;
    } else if (spares_[i].of.worker == of.worker && spares_[i].of.pulse == of.pulse) {
      return std::nullopt;
    }
  }
  if (found == nobody) return std::nullopt;
  spares_[found] = {.now = state::called, .of = of};
  if (on_watch_ == first_ + found) on_watch_ = nobody;
  return first_ + found;
}

std::optional<absence> reserve::take_call(std::size_t self) noexcept {
  lock_guard<mutex> guard(lock_);
  spare& own = spares_[self - first_];
  if (own.now != state::called) return std::nullopt;
  own.now = state::serving;
  return own.of;
}

void reserve::rest(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  spare& own = spares_[self - first_];
  if (own.now == state::serving) own.now = state::resting;
  if (on_watch_ == nobody && own.now == state::resting) on_watch_ = self;
}

std::optional<std::size_t> reserve::take_one_to_watch() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (on_watch_ != nobody) return std::nullopt;
  for (std::size_t i = 0; i < spares_.size(); ++i) {
    if (spares_[i].now != state::resting) continue;
    on_watch_ = first_ + i;
    return on_watch_;
  }
  return std::nullopt;
}

bool reserve::is_on_watch(std::size_t self) noexcept {
  lock_guard<mutex> guard(lock_);
  return on_watch_ == self;
}

void reserve::leave_watch(std::size_t self) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (on_watch_ == self) on_watch_ = nobody;
}

bool reserve::is_resting(std::size_t worker) noexcept {
  if (!is_spare(worker)) return false;
  lock_guard<mutex> guard(lock_);
  return spares_[worker - first_].now == state::resting;
}

}  // namespace weft::inline WEFT_ABI::rt
