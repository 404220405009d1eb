#include "weft/rt/offload/crew.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <new>
#include <utility>

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"
#include "weft/rt/offload/refusal.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/thread.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// Longer than any program runs, and short enough to be added to the clock.
constexpr std::chrono::milliseconds longest_keep_alive = std::chrono::hours(24 * 365 * 10);

crew_options checked(crew_options options) noexcept {
  WEFT_CHECK(options.max_threads > 0, "a pool needs at least one thread");
  options.keep_alive = std::clamp(options.keep_alive, std::chrono::milliseconds::zero(), longest_keep_alive);
  return options;
}

}  // namespace

// Made by add_thread(), deleted by who joins it.
struct crew::member {
  os::thread thread;
};

crew::crew(const crew_options& options, completion_sink sink) noexcept
    : options_(checked(options)), sink_(sink) {}

start_outcome crew::start(call& given) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(queue_.lock);
  if (!queue_.claim(given)) return start_outcome::stopped;
  given.refusal = admit();
  if (given.refusal) return start_outcome::refused;
  WEFT_CHAOS(late_wake);
  queue_.push_back(given);
  ready_.notify_one();  // with the lock held: once it is free, the call may have run and the pool be gone
  return start_outcome::started;
}

// May one more call be linked? Sees to it that a thread will come for it.
std::error_code crew::admit() noexcept {
  if (is_closed_) return offload_refusal::shut_down;
  const std::size_t free = threads_ - running_;
  if (queue_.size < free) return {};
  std::error_code no_thread;
  if (threads_ < options_.max_threads) {
    no_thread = add_thread();
    if (!no_thread) return {};
    if (threads_ == 0) return no_thread;  // else those that we have will come to it
  }
  if (queue_.size - free >= options_.max_queued) return offload_refusal::queue_full;
  return {};
}

std::error_code crew::add_thread() noexcept {
  if (options_.thread_fault != nullptr) {
    if (const std::error_code injected = options_.thread_fault()) return injected;
  }
  auto* made = new (std::nothrow) member;
  if (made == nullptr) return os::to_error(ENOMEM);
  // Signals stay with the program's own threads, so that user functions see no EINTR.
  const std::error_code error = made->thread.start(
      options_.name, [this, made]() noexcept { serve(*made); }, os::signal_mask::block_all);
  if (error) {
    delete made;
  } else {
    ++threads_;
  }
  return error;
}

void crew::serve(member& self) noexcept {
  // The lock is held by our creator until `self.thread` is written.
  std::unique_lock<mutex> locked(queue_.lock);
  do {
    while (call* taken = queue_.pop_front()) {
      ++running_;
      locked.unlock();
      WEFT_CHAOS(yield);
      run_and_finish(*taken);
      locked.lock();
      --running_;
      ++ended_;
    }
  } while (wait_for_call(locked));
  member* before = std::exchange(last_left_, &self);
  if (--threads_ == 0) quiet_.notify_all();
  locked.unlock();
  // The crew is not touched any more; only the chain of those who left is.
  join(before);
}

void crew::run_and_finish(call& taken) noexcept {
  if (options_.run != nullptr) {
    options_.run(options_.owner, taken);
  } else {
    taken.invoke(taken);
  }
  // SAFETY: the chain waits until finish(). From then on the call is gone, and the scope too once it is
  // submitted.
  scope& waiter = *taken.waiter;
  WEFT_CHAOS(yield);
  if (waiter.finish()) sink_.submit(sink_.owner, waiter);
}

// False: leave.
bool crew::wait_for_call(std::unique_lock<mutex>& locked) noexcept {
  const auto until = std::chrono::steady_clock::now() + options_.keep_alive;
  while (queue_.size == 0) {
    if (is_closed_) return false;
    if (ready_.wait_until(locked, until) == std::cv_status::timeout && queue_.size == 0) return false;
  }
  return true;
}

void crew::drain_and_join() noexcept {
  std::unique_lock<mutex> locked(queue_.lock);
  is_closed_ = true;
  ready_.notify_all();
  quiet_.wait(locked, [this] { return threads_ == 0; });
  WEFT_DCHECK(queue_.size == 0, "the last thread of a crew left with calls in the queue");
  member* last = std::exchange(last_left_, nullptr);
  locked.unlock();
  join(last);
}

void crew::join(member* left) noexcept {
  if (left == nullptr) return;
  left->thread.join();
  delete left;
}

crew_counters crew::counters() const noexcept {
  lock_guard<mutex> guard(queue_.lock);
  return {threads_, threads_ - running_, queue_.size, ended_};
}

}  // namespace weft::inline WEFT_ABI::rt
