#include "weft/detail/closure.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "weft/rt/base/backoff.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/engine.h"

namespace weft::inline WEFT_ABI::detail {

// An owner that sleeps: on its stack.
struct closure::sleeper {
  rt::mutex lock;
  rt::condition_variable changed;
  bool has_ended = false;  // guarded by lock
};

namespace {

// How often an owner looks for something to help with before it sleeps.
constexpr int most_looks = WEFT_MODEL ? 1 : 100;
// How long it sleeps before it looks again whether there is something to help with: twice as long each time.
constexpr std::int64_t first_sleep_ns = 50'000;
constexpr std::int64_t longest_sleep_ns = 1'000'000;

}  // namespace

void throw_no_worker(const char* asked) {
  WEFT_THROW(std::logic_error("weft: " + std::string(asked) +
                              "() forks on the worker that calls it, and this thread is no worker; pass the "
                              "runtime as the first argument, or call it in a task"));
}

void closure::wake_somebody(rt::turn& now) noexcept {
  now.home->offer_forked();
}

rt::frame* closure::begin(rt::turn& now) noexcept {
  thief_ = now.forks;
  mark_ = now.forks->mark();
  WEFT_CHAOS(yield);
  word_.store(taken, std::memory_order_release);  // pairs with wait_for_end(): the two above
  return std::exchange(now.running, of_);
}

void closure::end(rt::turn& now, rt::frame* before) noexcept {
  now.running = before;
  WEFT_CHAOS(yield);
  rt::backoff pause;
  std::uintptr_t found = taken;
  // Release: what the function did, for wait_for_end(). Acquire: the sleeper. A failure only looks for whom to expect.
  while (!word_.compare_exchange_strong(found, ended, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    if (found == helped) {
      pause.pause();  // a steal takes microseconds
      found = taken;
    }
  }
  if (found == taken) return;  // the closure may be gone
  // SAFETY: the sleeper does not return before it has seen has_ended under its lock.
  auto& asleep = *reinterpret_cast<sleeper*>(found);
  WEFT_CHAOS(late_wake);
  const rt::lock_guard<rt::mutex> guard(asleep.lock);
  asleep.has_ended = true;
  asleep.changed.notify_one();
}

void closure::wait_and_help(rt::turn& now) noexcept {
  wait_for_end([&] { return help(now); });
}

void closure::wait() noexcept {
  wait_for_end([] { return false; });
}

template <class Help>
void closure::wait_for_end(Help help_once) noexcept {
  rt::backoff pause;
  std::int64_t sleep_ns = first_sleep_ns;
  for (int looks = 0;;) {
    const std::uintptr_t seen = word_.load(std::memory_order_acquire);  // pairs with begin() and end()
    if (seen == ended) return;
    // A closure that was stolen and has not begun is in the hands of a worker's loop: for a moment.
    if (seen == taken) {
      if (help_once()) {
        looks = 0;
        pause = rt::backoff();
        sleep_ns = first_sleep_ns;
        continue;
      }
      if (++looks >= most_looks) {
        looks = 0;
        if (sleep(sleep_ns)) return;
        sleep_ns = std::min(2 * sleep_ns, longest_sleep_ns);
        continue;
      }
    }
    pause.pause();
  }
}

bool closure::help(rt::turn& now) noexcept {
  if (thief_->empty()) return false;
  std::uintptr_t found = taken;
  // Acquire: with begin(), once more. From here on the closure does not end.
  if (!word_.compare_exchange_strong(found, helped, std::memory_order_acquire, std::memory_order_relaxed)) {
    return false;
  }
  WEFT_CHAOS(yield);
  rt::job* const deeper = thief_->steal_above(mark_);
  WEFT_CHAOS(yield);
  word_.store(taken, std::memory_order_release);  // pairs with end(): our look at the queue is over
  if (deeper == nullptr) return false;
  deeper->run(*deeper, now);
  return true;
}

// True: it has ended.
bool closure::sleep(std::int64_t at_most_ns) noexcept {
  sleeper self;
  const auto address = reinterpret_cast<std::uintptr_t>(&self);
  std::uintptr_t found = taken;
  // Release publishes the sleeper to end().
  if (!word_.compare_exchange_strong(found, address, std::memory_order_acq_rel, std::memory_order_acquire)) {
    return found == ended;
  }
  WEFT_CHAOS(late_wake);
  std::unique_lock<rt::mutex> guard(self.lock);
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(at_most_ns);
  if (self.changed.wait_until(guard, until, [&] { return self.has_ended; })) return true;
  guard.unlock();
  found = address;
  // Nobody knows of us any more; or the closure has ended, and its thief is on its way to tell us.
  if (word_.compare_exchange_strong(found, taken, std::memory_order_relaxed, std::memory_order_relaxed)) {
    return false;
  }
  guard.lock();
  self.changed.wait(guard, [&] { return self.has_ended; });
  return true;
}

}  // namespace weft::inline WEFT_ABI::detail
