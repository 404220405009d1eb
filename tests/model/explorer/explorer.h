// Runs a model once: its threads, one at a time, and who is next at each scheduling point.
//
// Every operation on a shared word and every lock is a scheduling point. What may differ is a choice
// (choices.h): going on with another thread, which costs a preemption where the running one could go on, or
// reading an older store (memory.h). An execution ends when the body of the model returns, or at the first
// failure; then its threads are dropped where they stand.
//
// One explorer a process, on one thread of the system. Models talk to it by the functions of model.h, and the
// sources under test by rt::atomic, rt::mutex and rt::condition_variable (atomic.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "weft/model/choices.h"
#include "weft/model/fiber.h"
#include "weft/model/memory.h"
#include "weft/model/view.h"

namespace weft::inline WEFT_ABI::model {

struct bounds {
  // Exhaustive search: how often a thread is left that could go on, and how many loads read something older.
  unsigned preemptions = 2;
  unsigned stale_loads = 2;
  // Executions after which the exhaustive search is given up (and says so), and how many random ones follow.
  std::uint64_t most_exhaustive = 50'000;
  std::uint64_t random = 5'000;
  // Scheduling points in one execution: beyond them it is taken to run for ever.
  unsigned most_points = 4'000;
  // False: no wait reaches its limit, so that a wake-up that is lost is not made up for.
  bool time_passes = true;
};

class explorer {
 public:
  using place = std::source_location;
  using ready_fn = bool (*)(const void*) noexcept;

  static explorer& get() noexcept;

  // Runs `body` once, along `path`. False: it failed; why() says how.
  bool execute(const std::function<void()>& body, choices& path, const bounds& within, bool is_random,
               bool is_traced);
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] const std::vector<std::string>& trace() const noexcept { return trace_; }

  // --- called by the threads of a model
  [[nodiscard]] bool is_running() const noexcept { return running_ != nobody; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  [[nodiscard]] view& knowledge() noexcept { return threads_[running_].knows; }

  // Starts a thread; the calling one goes on. Its index, for wait_for_end().
  [[nodiscard]] std::size_t start_thread(std::function<void()> body);
  void wait_for_end(std::size_t index, const place& at);
  // Another thread may go on here.
  void point();
  // Waits until `is_ready(of)`, which looks at the explorer's own state only. `has_limit`: returns without it, too,
  // when nobody else can go on, and earlier at the price of a preemption.
  void wait_until(ready_fn is_ready, const void* of, const char* words, const place& at,
                  bool has_limit = false);
  // Lets others run until one of them has written something.
  void give_way(const place& at);
  // One of so many ways that the world may go; the first is the usual one.
  [[nodiscard]] unsigned decide(unsigned options) noexcept;
  // Ends this execution. Returns only if there is none, or it has failed already.
  void fail(const std::string& why, const place& at);
  // One line of the trace; words are made only if somebody reads them.
  [[nodiscard]] bool is_traced() const noexcept { return is_traced_; }
  void note(const std::string& what, const place& at);

  // A pointer that each thread has its own of, like a thread_local; at first it is what it is now.
  void keep_per_thread(void** slot) noexcept {
    local_ = slot;
    first_local_ = *slot;
  }

  // The model's clock: moved by waits that reach their limit.
  [[nodiscard]] std::int64_t now_ns() const noexcept { return now_ns_; }
  void let_time_pass(std::int64_t by_ns) noexcept { now_ns_ += by_ns; }

  [[nodiscard]] memory& words() noexcept { return words_; }

 private:
  friend memory;
  static constexpr std::size_t nobody = most_threads;
  enum class standing : std::uint8_t { absent, ready, waiting, ended };

  struct thread {
    fiber stack;
    std::function<void()> body;
    standing now = standing::absent;
    ready_fn is_ready = nullptr;
    bool has_limit = false;
    const void* waits_for = nullptr;
    const char* words = "";
    place at;
    void* local = nullptr;
    view knows;
  };

  static void thread_main() noexcept;
  [[nodiscard]] bool may_run(std::size_t index) const noexcept;
  [[nodiscard]] bool may_run_late(std::size_t index) const noexcept;
  // Chooses among those who may run; `self` says whether the running thread is one of them, and free of charge.
  void choose_next(bool self_may_run, bool leaving_is_free);
  void block(ready_fn is_ready, const void* of, const char* words, const place& at, bool has_limit);
  void switch_to(std::size_t index, bool is_over);
  void all_wait();
  void begin(std::size_t index, std::function<void()> body);

  std::array<thread, most_threads> threads_;
  std::size_t started_ = 0;
  std::size_t running_ = nobody;
  fiber outside_;
  memory words_{*this};

  choices* path_ = nullptr;
  bounds within_;
  bool is_random_ = false;
  bool is_traced_ = false;
  unsigned favour_ = 12;  // of 16: how often a random walk goes on with the running thread
  unsigned preemptions_ = 0;
  unsigned stale_loads_ = 0;
  unsigned spurious_failures_ = 0;
  unsigned points_ = 0;
  std::int64_t now_ns_ = 0;
  bool has_failed_ = false;
  std::string why_;
  std::vector<std::string> trace_;
  void** local_ = nullptr;
  void* first_local_ = nullptr;
};

}  // namespace weft::inline WEFT_ABI::model
