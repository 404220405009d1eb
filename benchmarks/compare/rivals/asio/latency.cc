// Asio: how long somebody waits, and a million who do. Burners have a pool of their own, as its documentation advises.
// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/compare/kernels/latency.h"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/million_suspended.h"

namespace {

using asio::awaitable;
using asio::use_awaitable;
using std::uint64_t;

awaitable<uint64_t> one() {
  co_return 1;
}

void foreign_post(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  uint64_t got = 0;
  for (auto _ : now) got = asio::co_spawn(pool, one(), asio::use_future).get();
  now.check(got, 1);
}
COMPARE_PROBLEM(foreign_post);

awaitable<void> land(compare::landing& at) {
  at.arrive();
  co_return;
}

void wake(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  std::vector<compare::latency> latencies;
  for (auto _ : now) {
    compare::landing at;
    compare::let_threads_sleep();
    at.leave();
    asio::co_spawn(pool, land(at), asio::detached);
    latencies.push_back(at.wait());
    now.took(latencies.back());
  }
  now.percentiles(std::move(latencies));
}
COMPARE_PROBLEM_TIMED(wake, by_hand);

awaitable<void> ticker(compare::ticks& ticks) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!ticks.is_done()) {
    timer.expires_at(ticks.due());
    co_await timer.async_wait(use_awaitable);
    ticks.ticked();
  }
}

void burn_on(asio::thread_pool& pool, const std::atomic<bool>& enough, uint64_t seed) {
  asio::post(pool, [&pool, &enough, seed] {
    if (!enough) burn_on(pool, enough, compare::burn(seed));
  });
}

void mixed_latency(compare::cell& now) {
  for (auto _ : now) {
    asio::thread_pool tasks(now.threads());
    asio::thread_pool burners(now.threads());
    compare::ticks ticks(now.size(compare::ticks_full, compare::ticks_tiny));
    std::atomic<bool> enough = false;
    for (unsigned i = 0; i < now.threads(); ++i) burn_on(burners, enough, i);
    asio::co_spawn(tasks, ticker(ticks), asio::use_future).get();
    enough = true;
    burners.join();
    now.took(now.percentiles(ticks.late()));
  }
}
COMPARE_PROBLEM_TIMED(mixed_latency, one_shot);

// All wait for one timer that never rings. A timer is not to be touched by two threads at once, hence the strand.
awaitable<void> wait_for(asio::steady_timer& event, std::latch& all_are_here, std::latch& all_have_ended) {
  all_are_here.count_down();
  asio::error_code cancelled;
  co_await event.async_wait(asio::redirect_error(use_awaitable, cancelled));
  all_have_ended.count_down();
}

void million_suspended(compare::cell& now) {
  for (auto _ : now) {
    asio::thread_pool pool(now.threads());
    const auto strand = asio::make_strand(pool);
    asio::steady_timer event(strand, asio::steady_timer::time_point::max());
    compare::suspended all(now);
    const auto count = static_cast<std::ptrdiff_t>(all.count());
    std::latch all_are_here(count);
    std::latch all_have_ended(count);
    for (uint64_t i = 0; i < all.count(); ++i) {
      asio::co_spawn(strand, wait_for(event, all_are_here, all_have_ended), asio::detached);
    }
    all_are_here.wait();
    all.are_suspended();
    asio::post(strand, [&event] { event.cancel(); });
    all_have_ended.wait();
    all.have_ended();
    // The last to count down may still be inside the latch.
    pool.join();
    now.check(all_have_ended.try_wait() ? all.count() : 0, all.count());
  }
}
COMPARE_PROBLEM_TIMED(million_suspended, one_shot);

}  // namespace
