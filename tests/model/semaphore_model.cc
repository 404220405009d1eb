// semaphore and wait_queue: permits are conserved, waiters are served first in, first out, a stop takes a waiter out
// or comes too late, and nobody waits for ever beside a free permit.
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/sync/semaphore.h"

namespace weft::inline WEFT_ABI::model {
namespace {

// Two tasks on two workers, one permit: one at a time, and what one writes under the permit the next one sees.
void one_at_a_time() {
  rt::engine home(rt::engine_of(2));
  semaphore limit(1);
  plain<int> guarded;
  signal first_done;
  signal second_done;
  const auto uses = [&](signal* done) -> task<> {
    {
      const semaphore_permit permit = co_await limit.acquire();
      ++guarded;
    }
    done->set();
  };
  auto one = detail::spawn_on(home, uses, &first_done);
  auto two = detail::spawn_on(home, uses, &second_done);
  first_done.wait(false);
  second_done.wait(false);
  home.stop();
  require(guarded == 2, "both had the permit");
  require(limit.available() == 1, "the permit came back");
}

// The head of the queue is stopped while a permit is handed over: the permit goes to it or to the next, never away.
void stop_of_the_head() {
  rt::engine home(rt::engine_of(1));
  semaphore limit(0);
  std::array<int, 2> had{};
  signal second_done;
  const auto waits = [&](std::size_t self, signal* done) -> task<> {
    {
      const semaphore_permit permit = co_await limit.acquire();
      ++had[self];
    }
    if (done != nullptr) done->set();
  };
  auto head = detail::spawn_on(home, waits, std::size_t{0}, nullptr);
  auto next = detail::spawn_on(home, waits, std::size_t{1}, &second_done);
  threads({[&] { limit.add_permits(1); }, [&] { head.request_stop(); }});
  second_done.wait(false);
  home.stop();
  require(had[1] == 1 && had[0] <= 1, "the second waiter gets the permit, after the head or in its place");
  require(limit.available() == 1, "permits are conserved");
}

void first_in_first_out() {
  rt::engine home(rt::engine_of(1));
  semaphore limit(0);
  std::array<signal, 2> done;
  int served = 0;
  const auto waits = [&](int place) -> task<> {
    semaphore_permit permit = co_await limit.acquire();
    permit.forget();
    require(served++ == place, "first in, first out");
    done[static_cast<std::size_t>(place)].set();
  };
  // One worker, and jobs in order: the first comes first to the queue, and when the third runs both are in it.
  signal both_wait;
  const auto says_so = [&]() -> task<> {
    both_wait.set();
    co_return;
  };
  auto first = detail::spawn_on(home, waits, 0);
  auto second = detail::spawn_on(home, waits, 1);
  auto third = detail::spawn_on(home, says_so);
  both_wait.wait(false);
  threads({[&] {
    limit.add_permits(1);
    limit.add_permits(1);
  }});
  done[0].wait(false);
  done[1].wait(false);
  home.stop();
  require(limit.available() == 0, "no permit is left");
}

// A task takes its permit in vain and queues, just as one comes back.
void release_against_wait() {
  rt::engine home(rt::engine_of(1));
  semaphore limit(1);
  std::optional<semaphore_permit> held = limit.try_acquire();
  signal done;
  const auto waits = [&]() -> task<> {
    {
      const semaphore_permit permit = co_await limit.acquire();
    }
    done.set();
  };
  auto waiter = detail::spawn_on(home, waits);
  threads({[&] { held.reset(); }});
  done.wait(false);
  home.stop();
  require(limit.available() == 1, "the permit came back");
}

void release_against_wait_against_stop() {
  rt::engine home(rt::engine_of(1));
  semaphore limit(1);
  std::optional<semaphore_permit> held = limit.try_acquire();
  const auto waits = [&]() -> task<> { const semaphore_permit permit = co_await limit.acquire(); };
  auto waiter = detail::spawn_on(home, waits);
  threads({[&] { held.reset(); }, [&] { waiter.request_stop(); }});
  home.stop();
  require(limit.available() == 1, "permits are conserved");
}

// Nobody gives a permit: only the stop can end the wait.
void stop_against_wait() {
  rt::engine home(rt::engine_of(1));
  semaphore limit(0);
  const auto waits = [&]() -> task<> { const semaphore_permit permit = co_await limit.acquire(); };
  auto waiter = detail::spawn_on(home, waits);
  threads({[&] { waiter.request_stop(); }});
  home.stop();
  require(waiter.is_done(), "a stop ends the wait, whenever it comes");
}

constexpr bounds usual{.most_exhaustive = 40'000, .random = 3'000};

const registered stop("stop_against_wait", "a stop ends the wait", usual, stop_against_wait);
const registered one("one_at_a_time", "a permit orders its holders", usual, one_at_a_time);
const registered head("stop_of_the_head", "a permit that meets a stop is not lost", usual, stop_of_the_head);
const registered fifo("first_in_first_out", "waiters are served in order", usual, first_in_first_out);
const registered release("release_against_wait", "nobody waits beside a free permit", {},
                         release_against_wait);
const registered all("release_against_wait_against_stop", "permits are conserved", usual,
                     release_against_wait_against_stop);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
