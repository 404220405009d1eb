// The reactor between threads: harvest, run, stop, send and close at once, with seeds.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/build_kind.h"
#include "tests/support/io_chain.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/rng.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/reactor.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

using reactor_race = reactor_test;

TEST_F(reactor_race, a_stream_between_two_threads_that_both_harvest_is_exact) {
  os::fd_pair ends = os::pair().value();
  const descriptor left = add(std::move(ends.first));
  const descriptor right = add(std::move(ends.second));
  std::string sent(3 << 20, '\0');
  rng random(7);
  for (char& each : sent) each = static_cast<char>(random.below(256));
  std::string received;
  std::int64_t read = 0;
  std::int64_t written = 0;
  chain reader(read_to_end(right, received, read, 5000));
  chain writer(write_all(left, sent, written));
  auto work = [&](chain& first) {
    job_list ready;
    ready.push_back(first);
    while (!writer.has_ended() || !reader.has_ended()) {
      run_all(ready);
      static_cast<void>(r->poll(ready));
      if (writer.has_ended()) r->io().close(left, ready);
    }
    run_all(ready);
  };
  std::thread other([&] { work(reader); });
  work(writer);
  other.join();
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(read, 0);
  close(right);
}

// The window is some ten nanoseconds wide: between arming the leaf word and publishing the operation.
TEST_F(reactor_race, a_stop_while_a_read_is_about_to_wait_is_never_lost) {
  const int rounds = static_cast<int>(test::scaled(8000));
  auto [mine, peer] = pair();
  std::unique_ptr<chain> reader;
  std::atomic<int> begun{-1};
  std::atomic<int> stopped{-1};
  const auto await = [](std::atomic<int>& word, int value) {
    for (backoff wait; word.load(std::memory_order_acquire) < value;) wait.pause();
  };
  std::thread stopper([&] {
    rng random(3);
    for (int i = 0; i < rounds; ++i) {
      await(begun, i);
      for (std::uint32_t spin = random.below(64); spin > 0; --spin) spin_pause();
      stop(*reader);
      stopped.store(i, std::memory_order_release);
    }
  });
  for (int i = 0; i < rounds; ++i) {
    reader = std::make_unique<chain>(read_once(mine, result, buffer, sizeof buffer));
    begun.store(i, std::memory_order_release);
    run(*reader);
    await(stopped, i);
    EXPECT_EQ(reader->stopped, 1) << "round " << i;
    EXPECT_EQ(reader->finished, 0) << "round " << i;
    if (!reader->has_ended()) {
      job_list ready;
      r->io().close(mine, ready);  // a failure must not become a crash
      run_all(ready);
    }
    if (HasFailure()) break;
  }
  begun.store(rounds, std::memory_order_release);
  stopper.join();
  close(mine);
}

// One thread starts a reader, one harvests and runs, one sends, stops and closes: all at once, in every
// mixture.
class reactor_race_seeds : public reactor_test, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(reactor_race_seeds, complete_stop_and_close_at_once_have_exactly_one_outcome) {
  constexpr int rounds = 1500;
  enum : std::uint32_t { stops = 1, closes = 2, ends = 4 };
  struct game {
    descriptor mine;
    os::fd peer;
    std::string all;
    std::int64_t last = 0;
    std::unique_ptr<chain> reader;
    std::uint32_t what = 0;
  };
  std::unique_ptr<game> current;
  std::atomic<int> round{-1};
  std::atomic<int> done_meddling{-1};
  std::atomic<int> done_harvesting{-1};

  std::thread harvester([&] {
    for (int i = 0; i < rounds; ++i) {
      while (round.load(std::memory_order_acquire) < i) std::this_thread::yield();
      EXPECT_TRUE(r->try_sit());
      while (!current->reader->has_ended()) {
        job_list ready;
        r->wait(-1, ready);
        run_all(ready);
      }
      r->stand_up();
      done_harvesting.store(i, std::memory_order_release);
    }
  });
  std::thread meddler([&] {
    rng random(GetParam() * 2);
    for (int i = 0; i < rounds; ++i) {
      while (round.load(std::memory_order_acquire) < i) std::this_thread::yield();
      game& now = *current;
      auto pause = [&] {
        for (std::uint32_t spin = random.below(500); spin > 0; --spin) spin_pause();
      };
      job_list ready;
      for (std::uint32_t pieces = random.below(4); pieces > 0; --pieces) {
        pause();
        static_cast<void>(os::send(now.peer.get(), bytes_of("0123456789")));
      }
      const bool closes_first = random.below(2) == 0;
      pause();
      if (closes_first && (now.what & closes) != 0) r->io().close(now.mine, ready);
      run_all(ready);
      pause();
      if ((now.what & stops) != 0) now.reader->stop(ready);
      run_all(ready);
      pause();
      if (!closes_first && (now.what & closes) != 0) r->io().close(now.mine, ready);
      if ((now.what & ends) != 0) now.peer.reset();
      run_all(ready);
      done_meddling.store(i, std::memory_order_release);
    }
  });

  rng random(GetParam() * 2 + 1);
  std::array<int, 4> outcomes{};
  for (int i = 0; i < rounds; ++i) {
    current = std::make_unique<game>();
    auto [mine, peer] = pair();
    current->mine = mine;
    current->peer = std::move(peer);
    current->what = 1 + random.below(7);
    current->reader = std::make_unique<chain>(
        read_to_end(mine, current->all, current->last, random.below(2) == 0 ? 4 : 64), r.get());
    round.store(i, std::memory_order_release);
    run(*current->reader);
    while (done_meddling.load(std::memory_order_acquire) < i) std::this_thread::yield();
    while (done_harvesting.load(std::memory_order_acquire) < i) std::this_thread::yield();
    const chain& ended = *current->reader;
    ASSERT_EQ(ended.finished + ended.stopped, 1) << "round " << i;
    if (ended.stopped == 1) {
      ASSERT_NE(current->what & stops, 0u);
      ++outcomes[0];
    } else if (current->last == 0) {
      ++outcomes[1];  // the end of the stream, or our own shutdown of it
    } else {
      ASSERT_TRUE(current->last == -ECANCELED || current->last == -EBADF) << current->last;
      ASSERT_NE(current->what & closes, 0u);
      ++outcomes[current->last == -EBADF ? 3 : 2];
    }
    close(mine);
    ASSERT_EQ(r->io().open_descriptors(), 0u) << "round " << i;
  }
  harvester.join();
  meddler.join();
  RecordProperty("stopped", outcomes[0]);
  RecordProperty("end_of_stream", outcomes[1]);
  RecordProperty("cancelled", outcomes[2]);
  EXPECT_GT(outcomes[0], 0);
  EXPECT_GT(outcomes[1], 0);
  EXPECT_GT(outcomes[2], 0);
}

INSTANTIATE_TEST_SUITE_P(seeds, reactor_race_seeds, testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
