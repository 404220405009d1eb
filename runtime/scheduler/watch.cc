#include "weft/rt/scheduler/watch.h"

#include <algorithm>

namespace weft::inline WEFT_ABI::rt {

std::int64_t watch::longest_round_ns(std::int64_t otherwise) const noexcept {
  constexpr std::int64_t shortest = 100'000;
  return is_on() ? std::clamp(options_.patience_ns, shortest, otherwise) : otherwise;
}

std::optional<sighting> watch::compare(std::size_t worker, const turn* at, std::int64_t now_ns) noexcept {
  if (at == nullptr) return std::nullopt;
  last_seen& last = seen_[worker];
  const std::uint64_t pulse = at->pulse.load(std::memory_order_relaxed);  // a number to compare, see turn.h
  if (pulse != last.pulse) {
    last.pulse = pulse;
    last.since_ns = now_ns;
    last.is_due = last.is_told = false;  // what has come to its end untold is no news
    return std::nullopt;
  }
  const std::int64_t so_far = now_ns - last.since_ns;
  if (!turn::is_at_job(pulse) || so_far < options_.patience_ns) return std::nullopt;
  const sighting blocked{.worker = worker,
                         .pulse = pulse,
                         .at_least_ns = so_far,
                         .resumed_at = at->resumed_at.load(std::memory_order_relaxed)};  // a name
  if (!last.is_told) {
    last.is_told = last.is_due = true;
    last.what = blocked;
  }
  return blocked;
}

std::optional<sighting> watch::take_news() noexcept {
  lock_guard<mutex> guard(lock_);
  for (last_seen& each : seen_) {
    if (!each.is_due) continue;
    each.is_due = false;
    return each.what;
  }
  return std::nullopt;
}

void watch::tell_news() noexcept {
  while (const std::optional<sighting> news = take_news()) {
    if (options_.tell) options_.tell(*news);
  }
}

}  // namespace weft::inline WEFT_ABI::rt
