// semaphore: at most n at a time.
//
//     weft::semaphore limit{10};
//     { auto permit = co_await limit.acquire();  …  }     // given back at the end of the block
//
// Strictly first in, first out: a newcomer never overtakes a waiter, even when a permit is free for a moment.
//
// Thread safety: all functions from any thread; tasks of several runtimes may share one. Giving back happens
// before the acquire that gets the permit next.
// Errors: the constructor throws std::invalid_argument for a negative number; 0 is allowed.
// Stop: acquire() is a stop point. A stopped waiter loses its place and no permit; one that has been handed a
// permit when the stop comes gets it, and gives it back as it is unwound.
// Cost: no allocation; a lock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "weft/detail/wait_queue.h"
#include "weft/task.h"

namespace weft::inline WEFT_ABI {

class semaphore;

// The right to go on; given back when it is destroyed. Moved, never copied.
class [[nodiscard("a permit that is dropped is given back at once")]] semaphore_permit {
 public:
  semaphore_permit() noexcept = default;
  semaphore_permit(semaphore_permit&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  semaphore_permit& operator=(semaphore_permit&& other) noexcept {
    release();
    of_ = std::exchange(other.of_, nullptr);
    return *this;
  }
  ~semaphore_permit() { release(); }

  // Gives it back early.
  void release() noexcept;
  // Keeps it from ever being given back by itself: the number of permits shrinks by one until add_permits().
  void forget() noexcept { of_ = nullptr; }
  [[nodiscard]] bool is_held() const noexcept { return of_ != nullptr; }

 private:
  friend semaphore;
  explicit semaphore_permit(semaphore& of) noexcept : of_(&of) {}

  semaphore* of_ = nullptr;
};

class semaphore {
 public:
  explicit semaphore(std::ptrdiff_t permits);

  class acquire_operation;
  // Waits for a permit. `auto permit = co_await limit.acquire();`
  [[nodiscard]] acquire_operation acquire() noexcept;

  // A permit, if one is free and nobody waits.
  [[nodiscard]] std::optional<semaphore_permit> try_acquire() noexcept;

  // So many more permits; waiters get them first. Throws std::overflow_error when the number does not fit.
  void add_permits(std::size_t more);

  // Free permits at this moment; a hint.
  [[nodiscard]] std::size_t available() const noexcept;

  ~semaphore() = default;
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

 private:
  friend semaphore_permit;

  class acquire_awaiter : detail::wait_op {
   public:
    explicit acquire_awaiter(semaphore& of) noexcept : wait_op(kind, of.waiters_), of_(of) {}
    acquire_awaiter(const acquire_awaiter&) = delete;
    acquire_awaiter& operator=(const acquire_awaiter&) = delete;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return of_.wait(*this, self.promise());
    }
    [[nodiscard]] semaphore_permit await_resume() const noexcept { return semaphore_permit(of_); }

   private:
    friend semaphore;
    static constexpr rt::leaf_kind kind{"a semaphore", &cancel_wait};
    semaphore& of_;
  };

  // False: the permit was free, and the task goes on at once.
  bool wait(acquire_awaiter& op, rt::frame& leaf) noexcept;
  [[nodiscard]] bool try_take() noexcept;
  void give_back() noexcept;

  mutable detail::wait_queue waiters_;
  std::size_t free_ = 0;  // guarded by waiters_.lock
};

class [[nodiscard("acquiring does nothing until it is awaited")]] semaphore::acquire_operation {
 public:
  static constexpr bool may_be_awaited_as_lvalue = false;
  explicit acquire_operation(semaphore& of) noexcept : of_(of) {}
  [[nodiscard]] auto into_awaiter() && noexcept { return acquire_awaiter(of_); }

 private:
  semaphore& of_;
};

inline semaphore::acquire_operation semaphore::acquire() noexcept {
  return acquire_operation(*this);
}

inline void semaphore_permit::release() noexcept {
  if (of_ != nullptr) std::exchange(of_, nullptr)->give_back();
}

}  // namespace weft::inline WEFT_ABI
