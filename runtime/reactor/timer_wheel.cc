#include "weft/rt/reactor/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

constexpr unsigned tick_shift = 13;
static_assert(timer_wheel::tick_ns == std::int64_t{1} << tick_shift);

}  // namespace

timer_wheel::timer_wheel(std::int64_t now_ns) noexcept
    : current_(static_cast<std::uint64_t>(std::max<std::int64_t>(now_ns, 0)) >> tick_shift) {}

std::uint64_t timer_wheel::tick_of(std::int64_t deadline_ns) noexcept {
  if (deadline_ns <= 0) return 0;
  // Unsigned, so that rounding up does not overflow; the sum is at most 2^63 + 2^13.
  return (static_cast<std::uint64_t>(deadline_ns) + (tick_ns - 1)) >> tick_shift;
}

std::int64_t timer_wheel::time_of(std::uint64_t tick) noexcept {
  constexpr auto last = static_cast<std::uint64_t>(never) >> tick_shift;
  return tick > last ? never : static_cast<std::int64_t>(tick << tick_shift);
}

void timer_wheel::place(timer& waiting) noexcept {
  const std::uint64_t tick = std::max(tick_of(waiting.deadline_ns), current_);
  // The highest group of six bits in which the deadline differs from the current tick.
  const std::uint64_t difference = (tick ^ current_) | (slots - 1);
  const unsigned level = static_cast<unsigned>(std::bit_width(difference) - 1) / slot_bits;
  const unsigned slot = static_cast<unsigned>(tick >> (level * slot_bits)) & (slots - 1);
  waiting.slot = static_cast<std::uint16_t>(level * slots + slot);
  lists_[waiting.slot].push_back(waiting);
  occupied_[level] |= std::uint64_t{1} << slot;
  occupied_levels_ |= 1u << level;
}

void timer_wheel::unlink(timer& waiting) noexcept {
  intrusive_list<timer>& list = lists_[waiting.slot];
  list.remove(waiting);
  if (!list.empty()) return;
  const unsigned level = waiting.slot / slots;
  occupied_[level] &= ~(std::uint64_t{1} << (waiting.slot % slots));
  if (occupied_[level] == 0) occupied_levels_ &= ~(1u << level);
}

bool timer_wheel::find_first(position& first) const noexcept {
  bool is_found = false;
  // Usually the lowest level is first. Not while a slot of a higher one is being moved down: hence all of
  // them.
  for (std::uint32_t rest = occupied_levels_; rest != 0; rest &= rest - 1) {
    const auto level = static_cast<unsigned>(std::countr_zero(rest));
    const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
    const unsigned shift = level * slot_bits;
    const std::uint64_t base = current_ >> (shift + slot_bits) << (shift + slot_bits);
    const std::uint64_t tick = base | (std::uint64_t{slot} << shift);
    if (is_found && tick > first.tick) continue;
    first = {level, slot, tick};
    is_found = true;
  }
  return is_found;
}

std::int64_t timer_wheel::first_time() const noexcept {
  position first{};
  if (!find_first(first)) return never;
  // On level 0 a slot is one tick; and one that is being moved down is due.
  if (first.level == 0 || first.tick <= current_) return time_of(first.tick);
  std::uint64_t tick = std::numeric_limits<std::uint64_t>::max();
  int left = few;
  for (const timer* each = lists_[first.level * slots + first.slot].front(); each != nullptr;
       each = each->next) {
    if (left-- == 0) return time_of(first.tick);
    tick = std::min(tick, tick_of(each->deadline_ns));
  }
  return time_of(tick);
}

timer_inserted timer_wheel::insert(timer& waiting) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (waiting.state == timer_state::refused) return timer_inserted::refused;
  WEFT_DCHECK(waiting.state == timer_state::idle && waiting.wheel == this,
              "a timer is prepared, then inserted once");
  waiting.state = timer_state::waiting;
  place(waiting);
  ++size_;
  const std::int64_t due = time_of(std::max(tick_of(waiting.deadline_ns), current_));
  if (due >= earliest_ns_.load(std::memory_order_relaxed))
    return timer_inserted::later;  // written under lock_
  earliest_ns_.store(due, std::memory_order_relaxed);
  return timer_inserted::earliest;
}

bool timer_wheel::cancel(timer& armed) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (armed.state == timer_state::idle) armed.state = timer_state::refused;
  if (armed.state != timer_state::waiting) return false;
  unlink(armed);
  --size_;
  armed.state = timer_state::cancelled;
  return true;
}

std::size_t timer_wheel::expire(std::int64_t now_ns, job_list& ready) noexcept {
  if (now_ns < nothing_before()) return 0;
  const std::uint64_t target = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ns, 0)) >> tick_shift;
  std::size_t expired = 0;
  for (bool is_done = false; !is_done;) {
    WEFT_CHAOS(yield);
    lock_guard<mutex> guard(
        lock_);  // let go after each portion, so that a burst does not keep cancellers waiting
    is_done = true;
    position first{};
    int left = portion;
    while (find_first(first) && first.tick <= target) {
      if (left == 0) {
        is_done = false;
        break;
      }
      current_ = std::max(current_, first.tick);
      intrusive_list<timer>& list = lists_[first.level * slots + first.slot];
      for (; left > 0 && !list.empty(); --left) {
        timer& due = *list.front();
        unlink(due);
        if (first.level > 0) {
          place(due);  // into a lower level
          continue;
        }
        due.state = timer_state::expired;
        ++expired;
        --size_;
        if (job* woken = due.expire(due)) ready.push_back(*woken);  // the timer may be gone
      }
    }
    if (is_done) current_ = std::max(current_, target);
    earliest_ns_.store(first_time(), std::memory_order_relaxed);
  }
  return expired;
}

std::size_t timer_wheel::size() noexcept {
  lock_guard<mutex> guard(lock_);
  return size_;
}

std::int64_t timer_wheel::next_deadline() noexcept {
  lock_guard<mutex> guard(lock_);
  const std::int64_t first = first_time();
  earliest_ns_.store(first, std::memory_order_relaxed);
  return first;
}

}  // namespace weft::inline WEFT_ABI::rt
