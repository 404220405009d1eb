// rt::atomic, rt::mutex and rt::condition_variable of a model build: every operation goes through the explorer.
//
// Included by runtime/base/atomic.h when WEFT_MODEL is 1. The interface is the part of std's that the sources
// use; what is missing is added when a source needs it. Objects that are made before an execution begins (statics)
// cannot be used in one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "weft/model/explorer.h"

namespace weft::inline WEFT_ABI::model {

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  using place = std::source_location;
  using order = std::memory_order;

 public:
  using value_type = T;

  atomic() : atomic(T()) {}
  atomic(T value) : id_(words().create(encode(value), place::current())) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  ~atomic() { words().destroy(id_, place::current()); }

  [[nodiscard]] T load(order how, place at = place::current()) const {
    return decode(words().load(id_, how, at));
  }
  void store(T value, order how, place at = place::current()) { words().store(id_, encode(value), how, at); }

  T exchange(T value, order how, place at = place::current()) {
    return update([value](T) { return value; }, how, "exchange", at);
  }
  T fetch_add(T change, order how, place at = place::current())
    requires std::is_integral_v<T>
  {
    return update([change](T before) { return static_cast<T>(before + change); }, how, "fetch_add", at);
  }
  T fetch_sub(T change, order how, place at = place::current())
    requires std::is_integral_v<T>
  {
    return update([change](T before) { return static_cast<T>(before - change); }, how, "fetch_sub", at);
  }
  T fetch_or(T bits, order how, place at = place::current())
    requires std::is_integral_v<T>
  {
    return update([bits](T before) { return static_cast<T>(before | bits); }, how, "fetch_or", at);
  }
  T fetch_and(T bits, order how, place at = place::current())
    requires std::is_integral_v<T>
  {
    return update([bits](T before) { return static_cast<T>(before & bits); }, how, "fetch_and", at);
  }

  bool compare_exchange_strong(T& expected, T desired, order how, order on_failure,
                               place at = place::current()) {
    return compare_exchange(expected, desired, how, on_failure, false, at);
  }
  bool compare_exchange_weak(T& expected, T desired, order how, order on_failure,
                             place at = place::current()) {
    return compare_exchange(expected, desired, how, on_failure, true, at);
  }

 private:
  static memory& words() noexcept { return explorer::get().words(); }
  static std::uint64_t encode(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T decode(std::uint64_t bits) noexcept {
    T value{};
    std::memcpy(static_cast<void*>(&value), &bits, sizeof value);
    return value;
  }
  template <class Change>
  T update(Change change, order how, const char* what, const place& at) {
    const T before = decode(words().begin_exchange(id_, how, at));
    words().end_exchange(id_, encode(change(before)), how, what, at);
    return before;
  }
  bool compare_exchange(T& expected, T desired, order how, order on_failure, bool is_weak, const place& at) {
    std::uint64_t seen = encode(expected);
    const bool done = words().compare_exchange(id_, seen, encode(desired), how, on_failure, is_weak, at);
    expected = decode(seen);
    return done;
  }

  word_id id_;
};

// What a lock, or a signal, hands over from one thread to the next.
class handed_over {
 public:
  void give() {
    if (!explorer::get().is_running()) return;
    view& mine = explorer::get().knowledge();
    knows_.join(mine);
    ++mine.heard[explorer::get().running()];
    explorer::get().words().count_write();
  }
  void take() {
    if (explorer::get().is_running()) explorer::get().knowledge().join(knows_);
  }

 private:
  view knows_;
};

class mutex {
  using place = std::source_location;

 public:
  mutex() noexcept = default;
  // A lock that keeps nobody out: what a planted error takes in place of the real one.
  [[nodiscard]] static mutex& of_nobody() noexcept {
    static mutex none;
    none.guards_nothing_ = true;
    return none;
  }
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex() {
    check_alive(place::current());
    if (is_locked_) explorer::get().fail("a mutex is destroyed while it is locked", place::current());
    state_ = word_id::dead;
  }

  void lock(place at = place::current()) {
    check_alive(at);
    if (guards_nothing_ || !explorer::get().is_running()) return;
    explorer::get().wait_until(
        [](const void* self) noexcept { return !static_cast<const mutex*>(self)->is_locked_; }, this,
        "a mutex", at);
    check_alive(at);  // it may have been destroyed while we waited
    is_locked_ = true;
    content_.take();
    if (explorer::get().is_traced()) explorer::get().note("lock", at);
  }
  void unlock(place at = place::current()) {
    check_alive(at);
    if (guards_nothing_) return;
    is_locked_ = false;
    content_.give();
    if (explorer::get().is_traced()) explorer::get().note("unlock", at);
  }

 private:
  friend class condition_variable;
  void check_alive(const place& at) const {
    if (state_ != word_id::alive) explorer::get().fail("use after destruction: mutex", at);
  }

  std::uint32_t state_ = word_id::alive;
  bool is_locked_ = false;
  bool guards_nothing_ = false;
  handed_over content_;
};

class condition_variable {
  using place = std::source_location;

 public:
  void notify_one(place at = place::current()) { notify(1, at); }
  void notify_all(place at = place::current()) { notify(most_threads, at); }

  template <class Lock>
  void wait(Lock& guard, place at = place::current()) {
    wait_for_turn(guard, false, at);
  }
  template <class Lock, class Condition>
    requires std::is_invocable_v<Condition>
  void wait(Lock& guard, Condition is_met, place at = place::current()) {
    while (!is_met()) wait_for_turn(guard, false, at);
  }
  // The time is over when nobody else can go on, or when the explorer chooses.
  template <class Lock, class Time>
  std::cv_status wait_until(Lock& guard, const Time&, place at = place::current()) {
    return wait_for_turn(guard, true, at) ? std::cv_status::no_timeout : std::cv_status::timeout;
  }
  template <class Lock, class Time, class Condition>
    requires std::is_invocable_v<Condition>
  bool wait_until(Lock& guard, const Time&, Condition is_met, place at = place::current()) {
    while (!is_met()) {
      if (!wait_for_turn(guard, true, at)) return is_met();
    }
    return true;
  }

 private:
  struct waiter {
    waiter* next = nullptr;
    bool is_woken = false;
  };

  template <class Lock>
  bool wait_for_turn(Lock& guard, bool has_limit, const place& at) {
    waiter self;
    waiter** last = &first_;
    while (*last != nullptr) last = &(*last)->next;
    *last = &self;
    guard.unlock();
    explorer::get().wait_until(
        [](const void* of) noexcept { return static_cast<const waiter*>(of)->is_woken; }, &self,
        "a notification", at, has_limit);
    const bool was_woken = self.is_woken;
    for (waiter** each = &first_; *each != nullptr; each = &(*each)->next) {
      if (*each == &self) {
        *each = self.next;
        break;
      }
    }
    guard.lock();
    return was_woken;
  }

  // The oldest first. A model in which it matters who is woken must not rely on it.
  void notify(std::size_t count, const place& at) {
    for (; count > 0 && first_ != nullptr; --count) {
      first_->is_woken = true;
      first_ = first_->next;
    }
    explorer::get().words().count_write();
    if (explorer::get().is_traced()) explorer::get().note("notify", at);
  }

  waiter* first_ = nullptr;
};

// For a loop that waits for another thread's store.
inline void give_way(std::source_location at = std::source_location::current()) {
  explorer::get().give_way(at);
}

}  // namespace weft::inline WEFT_ABI::model

namespace weft::inline WEFT_ABI::rt {

template <class T>
using atomic = model::atomic<T>;
using mutex = model::mutex;
using condition_variable = model::condition_variable;

using thread_id = std::size_t;

[[nodiscard]] inline thread_id calling_thread() noexcept {
  return model::explorer::get().running();
}

// std::lock_guard, but a lock and an unlock of the source stand in the trace with their place.
template <class Mutex>
class [[nodiscard]] lock_guard {
 public:
  explicit lock_guard(Mutex& of, std::source_location at = std::source_location::current())
      : of_(of), at_(at) {
    of_.lock(at_);
  }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;
  ~lock_guard() { of_.unlock(at_); }

 private:
  Mutex& of_;
  std::source_location at_;
};

}  // namespace weft::inline WEFT_ABI::rt
