#include "weft/deadline.h"

#include <algorithm>
#include <mutex>

#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI {
namespace {

std::chrono::steady_clock::time_point to_time_point(std::int64_t ns) noexcept {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(ns));
}

}  // namespace

namespace detail {

bool deadline_join::begin_watch(rt::frame& leaf, rt::scope& child) noexcept {
  rt::scope& outer = leaf.home();
  child_ = &child;
  inherited_ = outer.inherited();
  until_.limit_.outer = inherited_.limits;
  inherited_.limits = &until_.limit_;
  if (!arm(leaf, 2)) return false;
  // The chain is not resumed before the child has ended, which has not begun: `this` stays.
  std::unique_lock<rt::mutex> guard(until_.lock_);
  WEFT_CHECK(until_.watch_ == nullptr, "a deadline serves one with_deadline at a time");
  until_.has_expired_.store(false, std::memory_order_relaxed);  // nobody else writes under the lock
  until_.watch_ = this;
  if (set_alarm()) return true;
  guard.unlock();
  rt::job_list nothing_waits_yet;
  child_->stop(nothing_waits_yet);
  // Not the last one: the child is to come.
  static_cast<void>(arrive(rt::this_turn()));
  return true;
}

std::coroutine_handle<> deadline_join::end_watch(rt::turn& now) noexcept {
  bool is_ours = false;
  {
    const rt::lock_guard<rt::mutex> guard(until_.lock_);
    until_.watch_ = nullptr;
    has_ended_ = true;
    is_ours = alarm_.wheel != nullptr && rt::engine::cancel(alarm_);
  }
  // Taken out: it arrives through us, and is not the last one, as we are still to come.
  if (is_ours) static_cast<void>(arrive(now));
  return arrive(now);
}

bool deadline_join::has_expired() const noexcept {
  return until_.expired();
}

void deadline_join::describe_to(std::int64_t now_ns, std::string& text) const {
  // Moves at any time.
  rt::describe_deadline(until_.limit_.due_ns.load(std::memory_order_relaxed), now_ns, text);
}

bool deadline_join::set_alarm() noexcept {
  rt::engine& home = *inherited_.home;
  const std::int64_t due_ns = until_.limit_.due_ns.load(std::memory_order_relaxed);  // written under the lock
  if (due_ns <= home.now_ns()) {
    until_.has_expired_.store(true, std::memory_order_release);  // pairs with expired()
    return false;
  }
  home.prepare(alarm_, due_ns);
  // Nobody cancels it meanwhile, so it is not refused.
  static_cast<void>(home.insert(alarm_));
  return true;
}

void deadline_join::alarm::look(rt::job& self, rt::turn& now) noexcept {
  now.begin_without_frame();
  deadline_join& of = *static_cast<alarm&>(self).all;
  bool is_up = false;
  {
    const rt::lock_guard<rt::mutex> guard(of.until_.lock_);
    if (!of.has_ended_) {
      if (of.set_alarm()) return;  // it was moved, or rang for a time that has been moved
      is_up = true;
    }
  }
  if (is_up) of.child_->stop(now.later);
  if (const std::coroutine_handle<> parent = of.arrive(now)) parent.resume();
}

}  // namespace detail

deadline::time_point deadline::due() const noexcept {
  return to_time_point(limit_.due_ns.load(std::memory_order_relaxed));  // a value, nothing hangs on it
}

void deadline::move_to(time_point due) noexcept {
  rt::engine* home = nullptr;
  rt::job* look = nullptr;
  {
    const rt::lock_guard<rt::mutex> guard(lock_);
    limit_.due_ns.store(rt::os::to_ns(due),
                        std::memory_order_relaxed);  // for those with the lock; a hint to others
    if (watch_ != nullptr && watch_->alarm_.wheel != nullptr && rt::engine::cancel(watch_->alarm_)) {
      home = watch_->inherited_.home;
      look = &watch_->alarm_;
    }
  }
  // SAFETY: the join cannot end before this job has run, nor the runtime before the join.
  if (look != nullptr) home->submit(*look);
}

std::chrono::steady_clock::time_point current_deadline() noexcept {
  std::int64_t earliest = rt::os::to_ns(std::chrono::steady_clock::time_point::max());
  const rt::frame* const running = rt::this_turn().running;
  const rt::time_limit* each = running != nullptr ? running->home().inherited().limits : nullptr;
  for (; each != nullptr; each = each->outer) {
    earliest = std::min(earliest, each->due_ns.load(std::memory_order_relaxed));  // may be moved at any time
  }
  return to_time_point(earliest);
}

}  // namespace weft::inline WEFT_ABI
