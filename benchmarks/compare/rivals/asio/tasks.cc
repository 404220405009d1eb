// Asio without Boost: coroutines on a thread_pool, by co_spawn and its operators. Joining more than two needs a channel
// in this version; so skynet, nqueens and the tree are not here.
// SPDX-License-Identifier: Apache-2.0
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <asio/version.hpp>
#include <cstdint>
#include <string>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/small_tasks.h"

namespace {

using asio::awaitable;
using asio::use_awaitable;
using std::uint64_t;
using channel = asio::experimental::concurrent_channel<void(asio::error_code, int)>;

const compare::version_entry version("Asio", std::to_string(ASIO_VERSION / 100'000) + "." +
                                                 std::to_string(ASIO_VERSION / 100 % 1'000) + "." +
                                                 std::to_string(ASIO_VERSION % 100));

// Runs a coroutine on the pool's threads, and waits for its result on the caller's.
template <class T>
T run(asio::thread_pool& pool, awaitable<T> work) {
  return asio::co_spawn(pool, std::move(work), asio::use_future).get();
}

awaitable<uint64_t> fib_of(int n) {
  using namespace asio::experimental::awaitable_operators;
  if (n < 2) co_return static_cast<uint64_t>(n);
  auto [left, right] = co_await (fib_of(n - 1) && fib_of(n - 2));
  co_return left + right;
}

void fib(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  uint64_t got = 0;
  for (auto _ : now) got = run(pool, fib_of(n));
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

awaitable<uint64_t> one() {
  co_return 1;
}

awaitable<uint64_t> spawn_and_join(compare::cell& now, uint64_t times) {
  const auto executor = co_await asio::this_coro::executor;
  uint64_t sum = 0;
  for (auto _ : now) {
    sum = 0;
    for (uint64_t i = 0; i < times; ++i) sum += co_await asio::co_spawn(executor, one(), use_awaitable);
  }
  co_return sum;
}

void spawn_join(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const uint64_t got = run(pool, spawn_and_join(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(spawn_join);

awaitable<void> send_to(channel& ended) {
  co_await ended.async_send(asio::error_code(), 1, use_awaitable);
}

awaitable<uint64_t> spawn_and_join_all(compare::cell& now, uint64_t count) {
  const auto executor = co_await asio::this_coro::executor;
  uint64_t joined = 0;
  for (auto _ : now) {
    channel ended(executor, count);
    for (uint64_t i = 0; i < count; ++i) asio::co_spawn(executor, send_to(ended), asio::detached);
    for (joined = 0; joined < count; ++joined) co_await ended.async_receive(use_awaitable);
  }
  co_return joined;
}

void spawn_join_1000(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const uint64_t got = run(pool, spawn_and_join_all(now, compare::children_of_a_group));
  now.items(compare::children_of_a_group);
  now.check(got, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

awaitable<uint64_t> await_children(compare::cell& now, uint64_t times) {
  uint64_t sum = 0;
  for (auto _ : now) {
    sum = 0;
    for (uint64_t i = 0; i < times; ++i) sum += co_await one();
  }
  co_return sum;
}

void await_child(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const uint64_t got = run(pool, await_children(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(await_child);

awaitable<uint64_t> step_aside(compare::cell& now, uint64_t times) {
  uint64_t done = 0;
  for (auto _ : now) {
    for (done = 0; done < times; ++done) co_await asio::post(use_awaitable);
  }
  co_return done;
}

void yield(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const uint64_t got = run(pool, step_aside(now, times));
  now.items(times);
  now.check(got, times);
}
COMPARE_PROBLEM(yield);

awaitable<uint64_t> play(channel& mine, channel& theirs, uint64_t times) {
  uint64_t hits = 0;
  for (; hits < times; ++hits) {
    co_await mine.async_receive(use_awaitable);
    co_await theirs.async_send(asio::error_code(), 1, use_awaitable);
  }
  co_return hits;
}

awaitable<uint64_t> game(compare::cell& now, uint64_t times) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  uint64_t hits = 0;
  for (auto _ : now) {
    channel ping(executor, 1);
    channel pong(executor, 1);
    co_await ping.async_send(asio::error_code(), 1, use_awaitable);
    auto [one_side, other_side] = co_await (play(ping, pong, times) && play(pong, ping, times));
    hits = one_side + other_side;
  }
  co_return hits;
}

void ping_pong(compare::cell& now) {
  asio::thread_pool pool(now.threads());
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  const uint64_t got = run(pool, game(now, times));
  now.items(2 * times);
  now.check(got, 2 * times);
}
COMPARE_PROBLEM(ping_pong);

}  // namespace
