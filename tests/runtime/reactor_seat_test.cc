// Who waits in the reactor, and what ends the wait: the seat, wakes and timers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/io_chain.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/reactor.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using reactor_seat = reactor_test;

TEST_F(reactor_seat, the_seat_has_one_holder_and_keeps_others_from_harvesting) {
  job_list ready;
  ASSERT_TRUE(r->try_sit());
  EXPECT_FALSE(r->try_sit());
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
  EXPECT_FALSE(r->poll(ready));
  r->stand_up();
  EXPECT_TRUE(r->poll(ready));
  run_all(ready);
  EXPECT_EQ(result, 1);
  close(mine);
}

TEST_F(reactor_seat, a_wake_before_the_wait_and_every_wake_after_it_ends_a_wait) {
  ASSERT_TRUE(r->try_sit());
  job_list ready;
  for (int i = 0; i < 3; ++i) {
    r->wake();
    r->wake();
    r->wait(-1, ready);
  }
  r->stand_up();
}

TEST_F(reactor_seat, what_was_done_before_a_wake_is_seen_after_the_wait) {
  constexpr int rounds = 2000;
  std::atomic<int> taken{0};
  std::atomic<int> offered{0};
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      offered.store(i, std::memory_order_relaxed);
      r->wake();
      while (taken.load(std::memory_order_acquire) < i) std::this_thread::yield();
    }
  });
  ASSERT_TRUE(r->try_sit());
  for (int seen = 0; seen < rounds;) {
    job_list ready;
    if (offered.load(std::memory_order_relaxed) == seen) r->wait(-1, ready);
    seen = offered.load(std::memory_order_relaxed);
    taken.store(seen, std::memory_order_release);
  }
  r->stand_up();
  other.join();
}

struct flag_timer : timer {
  flag_timer() noexcept : timer(&raise) {}
  static job* raise(timer& due) noexcept {
    static_cast<flag_timer&>(due).is_raised.store(true, std::memory_order_release);
    return nullptr;
  }
  std::atomic<bool> is_raised{false};
};

TEST_F(reactor_seat, a_timer_ends_an_endless_wait) {
  flag_timer soon;
  const std::int64_t deadline = r->now_ns() + 2'000'000;
  soon.prepare(r->timers(), deadline);
  EXPECT_EQ(r->insert(soon), timer_inserted::earliest);
  ASSERT_TRUE(r->try_sit());
  job_list ready;
  while (!soon.is_raised) r->wait(-1, ready);
  EXPECT_GE(r->now_ns(), deadline);
  r->stand_up();
}

TEST_F(reactor_seat, a_timer_inserted_by_another_thread_wakes_an_endless_sleeper) {
  constexpr int rounds = 300;
  std::vector<flag_timer> timers(rounds);
  std::atomic<int> seen{0};
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      timers[static_cast<std::size_t>(i)].prepare(r->timers(), r->now_ns() + (i % 3) * 100'000);
      static_cast<void>(r->insert(timers[static_cast<std::size_t>(i)]));
      while (seen.load(std::memory_order_acquire) <= i) std::this_thread::yield();
    }
  });
  ASSERT_TRUE(r->try_sit());
  for (int i = 0; i < rounds; ++i) {
    job_list ready;
    while (!timers[static_cast<std::size_t>(i)].is_raised) r->wait(-1, ready);
    seen.store(i + 1, std::memory_order_release);
  }
  r->stand_up();
  other.join();
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
