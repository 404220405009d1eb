// deadline: moved, reached, ended and stopped at once, a task ends once, is not stopped before its time, and nobody
// touches a deadline or an alarm that is gone.
//
// Real tasks on the real timer wheel; time passes where the model says so.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "tests/model/stand_in/engine.h"
#include "weft/deadline.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/sync/semaphore.h"

namespace weft::inline WEFT_ABI::model {
namespace {

constexpr std::int64_t tick = std::int64_t{1} << 16;  // the wheel's

deadline::time_point in_ticks(int ticks) {
  return deadline::time_point(std::chrono::nanoseconds(ticks * tick));
}

struct scene {
  scene() {
    rt::options chosen;
    chosen.workers = 1;
    chosen.on_unhandled_error = [](const rt::unhandled_error&) {};
    home = std::make_unique<rt::engine>(chosen);
  }

  // Waits for `go`, but no longer than `until`, which it owns: it is gone as soon as the wait is over.
  auto body(int due_in_ticks) {
    return [this, due_in_ticks]() -> task<> {
      deadline own(in_ticks(due_in_ticks));
      until = &own;
      begun.set();
      bool timed_out = false;
      try {
        co_await with_deadline(own, waits());
      } catch (const timeout_error&) {
        timed_out = true;
      }
      require(timed_out != has_gone, "it went on, or ran out of time");
      require(own.expired() == timed_out || has_gone, "the deadline says so");
      if (timed_out)
        require(own.due() <= deadline::time_point(std::chrono::nanoseconds(home->now_ns())),
                "it is not stopped before its time");
      ++ended;
    };
  }
  task<> waits() {
    waiting.set();
    semaphore_permit one = co_await go.acquire();
    one.forget();
    has_gone = true;
  }

  std::unique_ptr<rt::engine> home;
  semaphore go{0};
  signal begun, waiting;
  deadline* until = nullptr;
  bool has_gone = false;
  plain<int> ended;
};

// The task goes on, while its time runs out.
void completion_against_expiry() {
  scene all;
  const auto body = all.body(1);
  auto handle = detail::spawn_on(*all.home, body);
  all.begun.wait(false);
  threads({[&] { all.go.add_permits(1); }, [&] { rt::let_time_pass(*all.home, 2 * tick); }});
  all.home->stop();
}

// A deadline that outlives the wait: moved while its time runs out; the task only ends by it.
void move_against_expiry() {
  scene all;
  auto until = std::make_unique<deadline>(in_ticks(1));
  bool timed_out = false;
  std::int64_t ended_at = 0;
  const auto body = [&]() -> task<> {
    all.begun.set();
    try {
      co_await with_deadline(*until, all.waits());
    } catch (const timeout_error&) {
      timed_out = true;
      ended_at = all.home->now_ns();
    }
  };
  auto handle = detail::spawn_on(*all.home, body);
  all.begun.wait(false);
  threads({[&] { until->move_to(in_ticks(4)); }, [&] { rt::let_time_pass(*all.home, 2 * tick); }});
  if (!until->expired()) require(until->due() == in_ticks(4), "it has been moved");
  rt::let_time_pass(*all.home, 3 * tick);
  all.home->stop();
  // Either the first time was up before the move, or the second one after it.
  require(!timed_out || ended_at >= 2 * tick, "it is not stopped before its time");
  until.reset();
}

// Moved to a time that has passed, whenever its task begins: only that ends it.
void move_to_the_past() {
  scene all;
  deadline until;
  signal over;
  const auto body = [&]() -> task<> {
    try {
      co_await with_deadline(until, all.waits());
    } catch (const timeout_error&) {
      over.set();
    }
  };
  rt::let_time_pass(*all.home, 2 * tick);
  auto handle = detail::spawn_on(*all.home, body);
  threads({[&] { until.move_to(in_ticks(1)); }});
  over.wait(false);
  all.home->stop();
}

// Moved by somebody who does not know that the task goes on.
void move_against_completion() {
  scene all;
  auto until = std::make_unique<deadline>(in_ticks(3));
  const auto body = [&]() -> task<> {
    all.begun.set();
    co_await with_deadline(*until, all.waits());
    ++all.ended;
  };
  auto handle = detail::spawn_on(*all.home, body);
  all.begun.wait(false);
  threads({[&] { until->move_to(in_ticks(5)); }, [&] { all.go.add_permits(1); }});
  all.home->stop();
  until.reset();
}

// An outside stop, while it is moved.
void stop_against_move() {
  scene all;
  auto until = std::make_unique<deadline>(in_ticks(3));
  bool timed_out = false;
  const auto body = [&]() -> task<> {
    try {
      co_await with_deadline(*until, all.waits());
    } catch (const timeout_error&) {
      timed_out = true;
    }
  };
  auto handle = detail::spawn_on(*all.home, body);
  threads({[&] { until->move_to(in_ticks(0)); }, [&] { handle.request_stop(); }});
  all.home->stop();
  until.reset();
}

// Whoever sees that it has expired, sees what its time came after.
void flag() {
  scene all;
  deadline until(in_ticks(1));
  plain<int> before;
  const auto body = [&]() -> task<> {
    try {
      co_await with_deadline(until, all.waits());
    } catch (const timeout_error&) {
    }
  };
  auto handle = detail::spawn_on(*all.home, body);
  all.waiting.wait(false);  // the clock itself orders nothing: the alarm must ring
  threads({[&] {
             if (until.expired()) require(before == 1, "the flag publishes what came before it");
           },
           [&] {
             before = 1;
             rt::let_time_pass(*all.home, 2 * tick);
           }});
  all.home->stop();
}

constexpr bounds usual{.most_exhaustive = 8'000, .random = 1'500};

const registered expiry("completion_against_expiry", "goes on, or times out", usual,
                        completion_against_expiry);
const registered moved("move_against_expiry", "an alarm that is moved rings once more", usual,
                       move_against_expiry);
const registered past("move_to_the_past", "a move is not lost, whenever it comes", usual, move_to_the_past);
const registered late("move_against_completion", "a move at the end touches nothing that is gone", usual,
                      move_against_completion);
const registered stopped("stop_against_move", "a stop and a move", usual, stop_against_move);
const registered seen("flag", "expired() publishes", usual, flag);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
