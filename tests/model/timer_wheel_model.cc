// timer_wheel: between insert, cancel and expire each timer comes to one end, and who may free it is told so.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "weft/model/model.h"
#include "weft/rt/reactor/timer_wheel.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using rt::timer_inserted;
using rt::timer_wheel;

constexpr std::int64_t soon = 10 * timer_wheel::tick_ns;
constexpr std::int64_t much_later = std::int64_t{1} << 40;

struct waiting : rt::timer {
  waiting() : rt::timer(&on_due) {}
  static rt::job* on_due(rt::timer& due) noexcept {
    auto& self = static_cast<waiting&>(due);
    ++self.touched;
    ++self.expired;
    return &self.woken;
  }
  plain<int> touched;  // a frame's memory: whoever may free it must be ordered after all that use it
  rt::job woken;
  int expired = 0;
};

struct ends {
  int taken = 0;    // by the canceller
  int refused = 0;  // to the inserter
  int expired = 0;
};

// The timer is in the wheel: exactly one of expiry and cancel gets it, and then nobody else has to do with it.
void expire_against_cancel() {
  timer_wheel wheel(0);
  auto one = std::make_unique<waiting>();
  one->prepare(wheel, soon);
  require(wheel.insert(*one) == timer_inserted::earliest, "it is the first");
  rt::atomic<int> expired{0};
  bool is_taken = false;
  threads({[&] {
             rt::job_list ready;
             wheel.expire(much_later, ready);
             if (ready.pop_front() != nullptr) {
               ++one->touched;
               expired.store(1, std::memory_order_release);
             }
           },
           [&] {
             is_taken = wheel.cancel(*one);
             if (is_taken) one.reset();  // "taken": nobody else will touch it
           }});
  require((expired.load(std::memory_order_acquire) == 1) != is_taken, "it expires or is cancelled");
  require(wheel.next_deadline() == timer_wheel::never, "the wheel is empty");
}

// A cancel that comes before the insert bars it.
void cancel_against_insert() {
  timer_wheel wheel(0);
  auto one = std::make_unique<waiting>();
  one->prepare(wheel, soon);
  bool is_taken = false;
  bool is_refused = false;
  threads({[&] { is_refused = wheel.insert(*one) == timer_inserted::refused; },
           [&] { is_taken = wheel.cancel(*one); }});
  require(is_taken != is_refused, "a stop reaches the timer in the wheel, or at its door");
  ++one->touched;
}

void all_three() {
  timer_wheel wheel(0);
  waiting one;
  one.prepare(wheel, soon);
  ends seen;
  threads({[&] {
             ++one.touched;
             if (wheel.insert(one) == timer_inserted::refused) ++seen.refused;
           },
           [&] {
             if (wheel.cancel(one)) ++seen.taken;
           },
           [&] {
             rt::job_list ready;
             wheel.expire(much_later, ready);
             while (ready.pop_front() != nullptr) ++seen.expired;
           }});
  rt::job_list ready;
  wheel.expire(2 * much_later, ready);
  while (ready.pop_front() != nullptr) ++seen.expired;
  require(seen.taken + seen.refused + seen.expired == 1, "a timer comes to one end");
  require(one.expired == seen.expired, "it expires at most once");
}

// What reactor::insert and reactor::wait rely on: a sleeper that has looked at next_deadline() either counted the new
// timer in, or is seen asleep by who inserted it.
void insert_against_sleep() {
  timer_wheel wheel(0);
  waiting one;
  one.prepare(wheel, soon);
  rt::atomic<bool> is_asleep{false};
  bool is_woken = false;
  std::int64_t until = 0;
  threads({[&] {
             is_asleep.store(true, std::memory_order_relaxed);
             until = wheel.next_deadline();
           },
           [&] {
             is_woken =
                 wheel.insert(one) == timer_inserted::earliest && is_asleep.load(std::memory_order_relaxed);
           }});
  require(is_woken || until <= soon, "who sleeps knows of the timer, or is woken");
  require(wheel.cancel(one), "it waits");
}

// nothing_before() may be late for who was told nothing, never for who has been woken for the timer.
void hint_after_insert() {
  timer_wheel wheel(0);
  waiting one;
  one.prepare(wheel, soon);
  rt::atomic<int> told{0};
  threads({[&] {
             static_cast<void>(wheel.insert(one));
             told.store(1, std::memory_order_release);
           },
           [&] {
             if (told.load(std::memory_order_acquire) == 0) return;
             rt::job_list ready;
             require(wheel.expire(much_later, ready) == 1, "who was woken for a timer finds it");
             static_cast<void>(ready.pop_front());
           }});
  static_cast<void>(wheel.cancel(one));
}

const registered expiry("expire_against_cancel", "a timer expires or is cancelled", {.preemptions = 3},
                        expire_against_cancel);
const registered bar("cancel_against_insert", "a stop before the insert bars it", {.preemptions = 3},
                     cancel_against_insert);
const registered three("all_three", "a timer comes to one end", {}, all_three);
const registered sleep("insert_against_sleep", "a sleeper learns of an earlier timer", {.preemptions = 3},
                       insert_against_sleep);
const registered hint("hint_after_insert", "the hint misses no timer that one was woken for",
                      {.preemptions = 3}, hint_after_insert);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
