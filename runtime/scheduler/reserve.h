// The spare workers: who rests, who stands in for whom, and who keeps watch.
//
// A spare is a worker beyond those that were asked for. It rests in its own reactor, parked nowhere, until a worker is
// away: blocked in one job (watch.h), or in block_in_place(). Then it serves as any worker does, so that as many run as
// before; and goes back to rest between two jobs once the one that it stands in for moves again, which that worker's
// pulse says (work/turn.h). So nobody has to call it back; who notices only wakes it, in case it sleeps.
//
// Keeping watch: the sentinel looks for blocked workers, but is one of the workers that sleep, and when none sleeps there
// is none. Then one resting spare looks, a round after the other, until all workers are asleep.
//
//     resting --call--> called --take_call--> serving --rest--> resting
//
// Any thread may call; a line says where the caller is the spare itself. Rare events, so a lock: a runtime without spares
// never takes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "weft/rt/base/atomic.h"

namespace weft::inline WEFT_ABI::rt {

// A worker is away for as long as its pulse is this one.
struct absence {
  std::size_t worker;
  std::uint64_t pulse;
};

class reserve {
 public:
  // Spares have the numbers from `first` on.
  reserve(std::size_t first, std::size_t count) : first_(first), spares_(count) {}

  [[nodiscard]] bool is_empty() const noexcept { return spares_.empty(); }
  [[nodiscard]] bool is_spare(std::size_t worker) const noexcept { return worker >= first_; }

  // The spare to wake; none if all serve, or one already stands in for this.
  [[nodiscard]] std::optional<std::size_t> call(absence of) noexcept;
  // The spare itself: whether it was called.
  [[nodiscard]] std::optional<absence> take_call(std::size_t self) noexcept;
  // The spare itself serves no more. It keeps watch if nobody else does.
  void rest(std::size_t self) noexcept;

  // Nobody kept watch: the spare to wake, which does from now on.
  [[nodiscard]] std::optional<std::size_t> take_one_to_watch() noexcept;
  // The spare itself.
  [[nodiscard]] bool is_on_watch(std::size_t self) noexcept;
  void leave_watch(std::size_t self) noexcept;

  // The spare itself, after a look: an idle process has no wake-ups. Who has left its sleep takes idle's lock, then ours;
  // here it is ours, then idle's: so that one finds the watch given up, or is found awake.
  template <class AreAllAsleep>
  void leave_watch_if(std::size_t self, AreAllAsleep are_all_asleep) noexcept {
    if (!are_all_asleep()) return;
    leave_watch(self);
    if (!are_all_asleep()) rest(self);
  }

  // `each` is called, under the lock, with every spare that serves for `is_over(absence)`.
  template <class IsOver, class Each>
  void for_each_done(IsOver is_over, Each each) noexcept {
    lock_guard<mutex> guard(lock_);
    for (std::size_t i = 0; i < spares_.size(); ++i) {
      if (spares_[i].now == state::serving && is_over(spares_[i].of)) each(first_ + i);
    }
  }

  // For reports.
  [[nodiscard]] bool is_resting(std::size_t worker) noexcept;

 private:
  enum class state : std::uint8_t { resting, called, serving };
  struct spare {
    state now = state::resting;
    absence of{};
  };
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  const std::size_t first_;
  mutex lock_;
  std::vector<spare> spares_;      // this and the next: guarded by lock_, but for the size
  std::size_t on_watch_ = nobody;  // rests
};

}  // namespace weft::inline WEFT_ABI::rt
