// Coroutines of several frames, awaiting each other and one hand-made operation, without api/ and without workers.
//
// A `step` is a lazily started coroutine that another one awaits; a `scope_chain` is a scope with a step for its
// root. The `hand_op` waits until the test completes it. Jobs are run by the test, in a turn of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <source_location>
#include <utility>

#include "weft/rt/scheduler/current.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

struct step {
  struct promise_type : frame {
    explicit promise_type(std::source_location here = std::source_location::current()) noexcept
        : frame(here) {}
    step get_return_object() noexcept { return step(*this); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct last {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          return leave(done.promise(), this_turn());
        }
        void await_resume() noexcept {}
      };
      return last{};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  explicit step(promise_type& made) noexcept : body(&made) {}
  step(step&& other) noexcept : body(std::exchange(other.body, nullptr)) {}
  step(const step&) = delete;
  step& operator=(const step&) = delete;
  ~step() {
    if (body != nullptr) body->handle().destroy();
  }

  // Gives the frame to a scope.
  [[nodiscard]] frame& release() noexcept { return *std::exchange(body, nullptr); }

  auto operator co_await() && noexcept {
    struct awaiter : link {
      explicit awaiter(frame& of) noexcept { child = &of; }
      awaiter(const awaiter&) = delete;
      awaiter& operator=(const awaiter&) = delete;
      ~awaiter() {
        if (child != nullptr) child->handle().destroy();
      }
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        parent = &self.promise();
        child->await_in(*this, parent->home());
        return enter(*child, this_turn());
      }
      void await_resume() noexcept {}
    };
    return awaiter(release());
  }

  promise_type* body;
};

// Waits until the test calls complete(), or a stop comes. What its cancel answers is the test's choice.
struct hand_op : leaf_op {
  explicit hand_op(cancel_outcome reply) noexcept : leaf_op(kind, nullptr), answer(reply) {}

  static cancel_outcome on_cancel(leaf_op& self, job_list& ready) noexcept {
    auto& own = static_cast<hand_op&>(self);
    ++own.cancels;
    if (own.while_cancelling != nullptr) own.while_cancelling(own, ready);
    return own.answer;
  }
  static constexpr leaf_kind kind{"a hand", &on_cancel};
  // True: the caller hands out `waiter`.
  [[nodiscard]] bool complete() noexcept { return waiter->finish(); }

  auto operator co_await() & noexcept {
    struct awaiter {
      hand_op& op;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<step::promise_type> self) noexcept {
        op.waiter = &self.promise().home();
        op.is_armed = op.waiter->arm(op, self.promise());
        if (!op.is_armed) this_turn().later.push_back(op.waiter->to_unwind(self.promise()));
      }
      void await_resume() noexcept {}
    };
    return awaiter{*this};
  }

  cancel_outcome answer;
  void (*while_cancelling)(hand_op&, job_list& ready) = nullptr;
  int cancels = 0;
  bool is_armed = false;
};

struct scope_chain : scope {
  explicit scope_chain(step body, const context& inherited = nowhere) noexcept {
    begin(body.release(), inherited, nullptr, &on_end);
  }
  ~scope_chain() {
    if (root != nullptr) root->handle().destroy();
  }
  static std::coroutine_handle<> on_end(scope& ended, turn&, ending how) noexcept {
    auto& self = static_cast<scope_chain&>(ended);
    (how == ending::finished ? self.finished : self.stopped).fetch_add(1, std::memory_order_acq_rel);
    return std::noop_coroutine();
  }
  [[nodiscard]] bool has_ended() const noexcept {
    return finished.load(std::memory_order_acquire) + stopped.load(std::memory_order_acquire) != 0;
  }

  static inline const context nowhere{};
  std::atomic<int> finished{0};
  std::atomic<int> stopped{0};
};

// Runs one job as a worker would, and what it hands over to at once; `later` stays with the turn.
inline void run_one(job& ready, turn& now) noexcept {
  const turn_guard entered(now);
  for (job* next = &ready; next != nullptr; next = std::exchange(now.resume_first, nullptr)) {
    now.transfers_left = turn::transfer_budget;
    now.run(*next);
  }
}

// Runs what is ready, and what that leaves behind. Returns how many jobs that were.
inline int run_until_quiet(job_list& ready, turn& now) noexcept {
  int ran = 0;
  for (;;) {
    ready.splice(now.later);
    job* next = ready.pop_front();
    if (next == nullptr) return ran;
    run_one(*next, now);
    ++ran;
  }
}

}  // namespace weft::inline WEFT_ABI::rt
