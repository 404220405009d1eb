// Who has been in one job for too long: found by whoever looks in, told to whoever asked for it.
//
// A worker shows a number that grows with each job (turn::pulse). A look compares it with what the last one saw: the
// same number, and odd, is the same job. So the times are those of the looks, a job pays no clock, and what is said is
// a lower bound. Each job is told of once.
//
// Looks are taken by the sentinel at the end of its rounds and by a spare on watch (reserve.h), so at most every 0.1 ms;
// a lock is enough. The news is told later, with no lock held and by a thread that owes nothing to the others, because
// what is called then is the program's and may take its time.
//
// Surprising: a worker that the system does not run, or a process that a debugger holds, looks the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <vector>

#include "weft/rt/base/atomic.h"
#include "weft/rt/scheduler/station.h"

namespace weft::inline WEFT_ABI::rt {

// A worker that has been in one job for so long when it was seen last.
struct sighting {
  std::size_t worker;
  std::uint64_t pulse;
  std::int64_t at_least_ns;
  std::source_location resumed_at;  // of the coroutine that its job resumed; line 0: none
};

struct watch_options {
  std::int64_t patience_ns = 0;                    // zero: nobody is watched
  std::function<void(const sighting&)> tell = {};  // must not throw
};

class watch {
 public:
  watch(std::size_t watched, watch_options chosen) : options_(std::move(chosen)), seen_(watched) {}

  [[nodiscard]] bool is_on() const noexcept { return options_.patience_ns > 0; }
  // How long a round may be, so that nothing is found much later than it is due.
  [[nodiscard]] std::int64_t longest_round_ns(std::int64_t otherwise) const noexcept;

  // Any thread. `on_each` is called with each worker that is blocked, told of or not, under the lock. True: there is
  // somebody to tell of.
  bool look(const station_list& all, std::int64_t now_ns) noexcept {
    return look(all, now_ns, [](const sighting&) {});
  }
  template <class OnEach>
  bool look(const station_list& all, std::int64_t now_ns, OnEach on_each) noexcept {
    lock_guard<mutex> guard(lock_);
    bool has_news = false;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const std::optional<sighting> blocked = compare(i, all[i]->at, now_ns);
      if (!blocked) continue;
      on_each(*blocked);
      has_news |= seen_[i].is_due;
    }
    return has_news;
  }

  // Tells whatever is due; the caller holds nobody up. Ends the process if `tell` throws.
  void tell_news() noexcept;

 private:
  struct last_seen {
    std::uint64_t pulse = 0;
    std::int64_t since_ns = 0;
    bool is_due = false;   // to be told of
    bool is_told = false;  // this job was, or is due
    sighting what{};
  };

  // Guarded by lock_.
  [[nodiscard]] std::optional<sighting> compare(std::size_t worker, const turn* at,
                                                std::int64_t now_ns) noexcept;
  [[nodiscard]] std::optional<sighting> take_news() noexcept;

  const watch_options options_;
  mutex lock_;
  std::vector<last_seen> seen_;  // guarded by lock_
};

}  // namespace weft::inline WEFT_ABI::rt
