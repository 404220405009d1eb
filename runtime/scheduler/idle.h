// Who sleeps, who searches, and whom to wake. The protocol and its proof: docs/protocols/sleep_wake.md;
// read it before a line of this changes.
//
// One word counts the parked and the searching workers. Whoever publishes a job then reads the word by a
// read-modify-write, and a worker that parks changes it by one and only then looks at every queue once
// more: the later of the two sees the other. So no wake-up is lost, without a fence. A publisher wakes
// nobody while somebody searches; the last searcher that finds a job wakes the next one if there is more.
//
// Invariant: nobody is parked, or all are, or one is sentinel (it waits with a time limit, and looks in on
// the others), or a worker is in debt: taken, or unparked with is_unattended, and before it runs a job it
// parks, or has chosen a sleeper that is to be woken.
//
// Any thread may call wake functions; the rest is called by workers about themselves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/padded.h"

namespace weft::inline WEFT_ABI::rt {

class idle {
 public:
  // Spares count when they have joined, until they leave.
  explicit idle(std::size_t workers, std::size_t spares = 0);

  // A job was published: the worker to wake, if one should be. It counts as searching from now on.
  [[nodiscard]] std::optional<std::size_t> take_one_to_wake() noexcept;

  // A worker without work wants to look at its neighbours. False: enough do already.
  [[nodiscard]] bool start_searching() noexcept;
  // It found a job. True: nobody else searches, so it must wake the next one if more is left.
  [[nodiscard]] bool stop_searching() noexcept;

  enum class post : std::uint8_t { sleeper, sentinel };
  // The worker goes to sleep. It must look at every queue once more before it does.
  [[nodiscard]] post park(std::size_t index, bool was_searching) noexcept;

  struct leaving {
    bool was_taken;  // somebody woke us: we count as searching; otherwise as running
    bool
        is_unattended;  // nobody is sentinel: when we go on to run a job, somebody should be, or a spare keep watch
  };
  [[nodiscard]] leaving unpark(std::size_t index) noexcept;

  enum class duty : std::uint8_t {
    next_round,
    off,       // nobody has run since its last round: it sleeps on without a limit
    relieved,  // somebody has taken it meanwhile; the wake-up may have been used up already
  };
  // The sentinel's round is over and it found nothing. Only after a long one does it go off duty.
  enum class round : std::uint8_t { brief, at_length };
  [[nodiscard]] duty after_round(std::size_t index, round how) noexcept;

  // A worker that left unattended goes on to run a job: the sleeper to wake, now or a little later, so that it becomes
  // sentinel. It is not taken: should it leave its sleep before, it will be told that nobody is on duty.
  [[nodiscard]] std::optional<std::size_t> sleeper_for_duty() noexcept;

  // How many workers do not sleep; a hint.
  [[nodiscard]] std::size_t awake() const noexcept {
    // Decides nothing but how long one spins.
    const std::size_t asleep = parked(word_->load(std::memory_order_relaxed));
    return asleep < workers_ ? workers_ - asleep : 0;  // spares sleep too
  }

  // A spare begins to serve, and serves no more: it is awake both times, and does not search.
  void join() noexcept;
  void leave() noexcept;
  // All who serve.
  [[nodiscard]] bool are_all_asleep() noexcept;

  // For turn::is_anybody_to_be_woken().
  [[nodiscard]] const atomic<std::uint64_t>& word() const noexcept { return *word_; }

  // For reports; any thread.
  enum class posture : std::uint8_t { awake, asleep, on_duty };
  [[nodiscard]] posture posture_of(std::size_t index) noexcept;

 private:
  static constexpr std::uint64_t one_searching = 1, one_parked = std::uint64_t{1} << 32;
  static constexpr std::uint32_t searching(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word);
  }
  static constexpr std::uint32_t parked(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> 32);
  }
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  // Guarded by lock_.
  std::size_t take_locked() noexcept;

  const std::size_t workers_;
  const bool has_spares_;
  // Written by workers and wakers, always by read-modify-write; publishes the queues (see the head).
  padded<atomic<std::uint64_t>> word_;
  mutex lock_;
  std::size_t present_;                // workers, and spares that serve; this and the rest: guarded by lock_
  std::vector<std::size_t> sleepers_;  // the last to park is the first to wake: its caches are warm
  std::size_t sentinel_ = nobody;      // parked, but not among the sleepers
  struct place {
    bool is_parked = false;
    std::uint64_t departures_seen = 0;  // when it parked, or had a round, last
  };
  std::vector<place> places_;
  std::uint64_t departures_ = 0;  // how many have left their sleep so far
};

}  // namespace weft::inline WEFT_ABI::rt
