// lifecycle: between a task's end, its handle and a canceller, everything that is owed is done once.
// SPDX-License-Identifier: Apache-2.0
#include "weft/model/model.h"
#include "weft/rt/work/lifecycle.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using rt::lifecycle;

struct block {
  lifecycle life;
  plain<int> outcome;
};

// The one who is told to destroys the block; it has the outcome before it.
void destroy(block* of) {
  require(of->outcome == 7, "the outcome is there when the block dies");
  delete of;
}

void end_task(block* of) {
  of->outcome = 7;
  if (of->life.complete().owed == lifecycle::duty::destroy) destroy(of);
}

void end_against_let_go() {
  auto* const of = new block;
  threads({[of] { end_task(of); },
           [of] {
             if (of->life.is_done()) require(of->outcome == 7, "is_done() shows the outcome");
             if (of->life.release() == lifecycle::duty::destroy) destroy(of);
           }});
}

// The handle's task waits, and may be asked to stop meanwhile. Whoever is to resume or unwind it is counted.
void end_against_wait_against_stop(bool is_stopped) {
  auto* const of = new block;
  rt::scope waiter;
  int resumed = 0;
  int unwound = 0;
  bool came = false;
  std::vector<std::function<void()>> bodies{
      [&] {
        of->outcome = 7;
        const lifecycle::completion done = of->life.complete();
        require(done.owed != lifecycle::duty::destroy, "the handle is still held");
        if (done.owed == lifecycle::duty::wake_waiter) {
          require(done.waiter == &waiter, "the waiter is woken");
          ++resumed;
        }
      },
      [&] {
        switch (of->life.wait(waiter)) {
          case lifecycle::wait_outcome::waits:
            break;
          case lifecycle::wait_outcome::done:
            require(of->outcome == 7, "who finds the task done has its outcome");
            ++resumed;
            break;
          case lifecycle::wait_outcome::stopped:
            ++unwound;
            break;
        }
        came = true;
      }};
  if (is_stopped) {
    bodies.push_back([&] {
      if (of->life.give_up(waiter)) ++unwound;
    });
  }
  threads(bodies);
  require(came && resumed + unwound == 1, "a waiter is resumed or unwound, once");
  require(of->life.is_done(), "done is never left");
  require(of->life.release() == lifecycle::duty::destroy, "the handle comes last, and destroys");
  delete of;
}

// The task does not end, so only the stop can end the wait.
void wait_against_stop() {
  lifecycle life;
  rt::scope waiter;
  int unwound = 0;
  threads({[&] {
             if (life.wait(waiter) == lifecycle::wait_outcome::stopped) ++unwound;
           },
           [&] {
             if (life.give_up(waiter)) ++unwound;
           }});
  require(unwound == 1, "a stop ends the wait, once, whether it comes before or after");
  require(life.release() == lifecycle::duty::nothing, "the task still runs");
  require(life.complete().owed == lifecycle::duty::destroy, "the task's end destroys what was let go");
}

const registered let_go("end_against_let_go", "whoever comes last of the task's end and its handle destroys",
                        {.preemptions = 3}, end_against_let_go);
const registered wait("end_against_wait", "a waiter is resumed once, with the outcome", {.preemptions = 3},
                      [] { end_against_wait_against_stop(false); });
const registered endless("wait_against_stop", "a stop ends the wait for a task that does not end",
                         {.preemptions = 4}, wait_against_stop);
const registered stop("end_against_wait_against_stop", "a waiter is resumed or unwound, once",
                      {.preemptions = 4}, [] { end_against_wait_against_stop(true); });

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
