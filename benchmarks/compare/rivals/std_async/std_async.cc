// std::async with std::launch::async: a thread for each call. So the recursions are cut where there are more calls than
// threads, as one has to; fib, skynet and the tree, whose point is that nothing is cut, are not here. --threads only says
// where that is.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/latency.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/small_tasks.h"

namespace {

#ifdef __GLIBCXX__
const compare::version_entry version("libstdc++", std::to_string(__GLIBCXX__));
#endif

void nqueens(compare::cell& now) {
  const int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    // One call for each place in the first row.
    std::vector<std::future<std::uint64_t>> parts;
    compare::for_each_placement({n}, [&parts](const compare::queens& next) {
      parts.push_back(std::async(std::launch::async, [next] { return compare::nqueens_serial(next); }));
    });
    got = 0;
    for (auto& part : parts) got += part.get();
  }
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

void multiply(const compare::product& of, unsigned threads) {
  if (of.is_leaf() || threads <= 1) return compare::matmul_serial(of);
  for (std::size_t k = 0; k < 2; ++k) {
    std::array<std::future<void>, 3> parts;
    for (std::size_t block = 0; block < 3; ++block) {
      parts[block] = std::async(std::launch::async, multiply, of.part(block / 2, block % 2, k), threads / 4);
    }
    multiply(of.part(1, 1, k), threads / 4);
    for (auto& part : parts) part.get();
  }
}

void matmul(compare::cell& now) {
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  for (auto _ : now) multiply(all.whole(), now.threads());
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

void spawn_join(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t sum = 0;
  for (auto _ : now) {
    sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) sum += std::async(std::launch::async, [] { return 1u; }).get();
  }
  now.items(times);
  now.check(sum, times);
}
COMPARE_PROBLEM(spawn_join);

void spawn_join_1000(compare::cell& now) {
  std::atomic<std::uint64_t> ended = 0;
  for (auto _ : now) {
    ended = 0;
    std::vector<std::future<void>> children;
    children.reserve(compare::children_of_a_group);
    for (std::uint64_t i = 0; i < compare::children_of_a_group; ++i) {
      children.push_back(
          std::async(std::launch::async, [&ended] { ended.fetch_add(1, std::memory_order_relaxed); }));
    }
    for (auto& child : children) child.get();
  }
  now.items(compare::children_of_a_group);
  now.check(ended, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

// A token that two threads hand to and fro.
class token {
 public:
  void hand_over(int me, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      std::unique_lock guard(lock_);
      changed_.wait(guard, [this, me] { return holder_ == me; });
      holder_ = 1 - me;
      ++handed_;
      guard.unlock();
      changed_.notify_one();
    }
  }
  [[nodiscard]] std::uint64_t handed() const { return handed_; }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int holder_ = 0;
  std::uint64_t handed_ = 0;
};

void ping_pong(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    token one;
    auto other_side = std::async(std::launch::async, [&one, times] { one.hand_over(1, times); });
    one.hand_over(0, times);
    other_side.get();
    got = one.handed();
  }
  now.items(2 * times);
  now.check(got, 2 * times);
}
COMPARE_PROBLEM(ping_pong);

void foreign_post(compare::cell& now) {
  std::uint64_t got = 0;
  for (auto _ : now) got = std::async(std::launch::async, [] { return 1u; }).get();
  now.check(got, 1);
}
COMPARE_PROBLEM(foreign_post);

// There is no thread that sleeps: one is made.
void wake(compare::cell& now) {
  std::vector<compare::latency> latencies;
  for (auto _ : now) {
    compare::landing at;
    compare::let_threads_sleep();
    at.leave();
    auto landed = std::async(std::launch::async, [&at] { at.arrive(); });
    latencies.push_back(at.wait());
    now.took(latencies.back());
    landed.get();
  }
  now.percentiles(std::move(latencies));
}
COMPARE_PROBLEM_TIMED(wake, by_hand);

void mixed_latency(compare::cell& now) {
  for (auto _ : now) {
    compare::ticks ticks(now.size(compare::ticks_full, compare::ticks_tiny));
    std::atomic<bool> enough = false;
    std::vector<std::future<void>> burners;
    for (unsigned i = 0; i < now.threads(); ++i) {
      burners.push_back(std::async(std::launch::async, [&enough, i] {
        for (std::uint64_t seed = i; !enough;) seed = compare::burn(seed);
      }));
    }
    while (!ticks.is_done()) {
      std::this_thread::sleep_until(ticks.due());
      ticks.ticked();
    }
    enough = true;
    for (auto& burner : burners) burner.get();
    now.took(now.percentiles(ticks.late()));
  }
}
COMPARE_PROBLEM_TIMED(mixed_latency, one_shot);

}  // namespace
