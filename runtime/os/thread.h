// A thread of ours: started with a name, joined before it is forgotten.
//
// For scheduler and offload. A `thread` object belongs to one thread at a time, which starts and joins it.
// Refused: std::thread, which throws when the system has no thread to give, and knows neither names nor
// signals.
//
// Invariant: a started thread is joined before its object dies or is started again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "weft/rt/base/check.h"
#include "weft/rt/base/config.h"
#include "weft/rt/os/error.h"

namespace weft::inline WEFT_ABI::rt::os {

// The number by which the system, a debugger and top(1) know the calling thread.
[[nodiscard]] std::int64_t this_thread_id() noexcept;

// From now on the calling thread's waits with a limit end at the limit. Linux would let them end 50 µs later, to save
// wake-ups: our timers are bundled already, by ticks. Threads that it starts later inherit this.
void drop_timer_slack() noexcept;

enum class signal_mask : std::uint8_t {
  inherit,  // as the thread that calls start()
  // Handlers run on the program's own threads, not on this one. But two kinds stay open: those that a fault
  // of this very thread raises (SIGSEGV and its kin; blocked, they would kill the process past its handler),
  // and SIGPROF, without which a profiler is blind here.
  block_all,
};

class thread {
 public:
  thread() noexcept = default;
  thread(thread&& other) noexcept : id_(other.id_), is_started_(std::exchange(other.is_started_, false)) {}
  thread& operator=(thread&& other) noexcept {
    WEFT_CHECK(!is_started_, "a thread is joined before another takes its place");
    id_ = other.id_;
    is_started_ = std::exchange(other.is_started_, false);
    return *this;
  }
  ~thread() { WEFT_CHECK(!is_started_, "a thread is joined before its object dies"); }

  // Runs `function()` on a new thread; the system shows the first 15 bytes of `name`. An exception that
  // leaves the function ends the process. On an error (EAGAIN: no thread to be had) the function is dropped,
  // unrun.
  template <class Function>
  [[nodiscard]] std::error_code start(std::string_view name, Function function,
                                      signal_mask mask = signal_mask::inherit) noexcept {
    static_assert(std::is_nothrow_move_constructible_v<Function>, "an error must not be lost on the way");
    std::unique_ptr<entry> made(new (std::nothrow) entry_of<Function>(std::move(function)));
    if (made == nullptr) return to_error(ENOMEM);
    return start_entry(std::move(made), name, mask);
  }

  [[nodiscard]] bool is_started() const noexcept { return is_started_; }

  // Waits until the function has returned and its captures are destroyed. Never from the thread itself.
  void join() noexcept;

 private:
  struct entry {
    entry() noexcept = default;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    virtual ~entry() = default;
    virtual void run() noexcept = 0;

    std::array<char, 16> name{};  // the longest the kernel keeps, with the closing zero
  };

  template <class Function>
  struct entry_of final : entry {
    explicit entry_of(Function&& given) noexcept : function(std::move(given)) {}
    void run() noexcept override { function(); }

    Function function;
  };

  static void* run_entry(void* given) noexcept;
  std::error_code start_entry(std::unique_ptr<entry> made, std::string_view name, signal_mask mask) noexcept;

  pthread_t id_{};
  bool is_started_ = false;
};

}  // namespace weft::inline WEFT_ABI::rt::os
