// Boost.Fiber: a fiber with a stack of its own for each task, stolen between threads. A million
// suspended fibers are left out: their stacks do not fit.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <boost/version.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/latency.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/skynet.h"
#include "benchmarks/compare/kernels/small_tasks.h"
#include "benchmarks/compare/kernels/uneven_tree.h"
#include "benchmarks/compare/rivals/fiber/threads.h"

namespace {

namespace fibers = boost::fibers;
using std::uint64_t;

const compare::version_entry version("Boost.Fiber", BOOST_LIB_VERSION);
const compare::at_end threads_end(&compare::fiber_threads::end);

// Small ones: the kernels need little.
auto stacks() {
  return boost::fibers::fixedsize_stack(16 * 1024);
}

template <class F>
auto fork(F function) {
  using value = std::invoke_result_t<F>;
  fibers::packaged_task<value()> packaged(std::move(function));
  auto future = packaged.get_future();
  // The child first, and the caller is what is stolen: otherwise a whole level of the tree holds stacks at once.
  fibers::fiber(fibers::launch::dispatch, std::allocator_arg, stacks(), std::move(packaged)).detach();
  return future;
}

uint64_t fib_of(int n) {
  if (n < 2) return static_cast<uint64_t>(n);
  auto left = fork([n] { return fib_of(n - 1); });
  const uint64_t right = fib_of(n - 2);
  return left.get() + right;
}

void fib(compare::cell& now) {
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  uint64_t got = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) got = fib_of(n);
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

uint64_t sky(uint64_t first, uint64_t leaves) {
  if (leaves == 1) return first;
  const uint64_t each = leaves / compare::skynet_fan_out;
  std::vector<fibers::future<uint64_t>> children;
  children.reserve(compare::skynet_fan_out);
  for (uint64_t i = 0; i < compare::skynet_fan_out; ++i) {
    children.push_back(fork([=] { return sky(first + i * each, each); }));
  }
  uint64_t sum = 0;
  for (auto& child : children) sum += child.get();
  return sum;
}

void skynet(compare::cell& now) {
  compare::fiber_threads::are_there(now.threads());
  const auto leaves = now.size(compare::skynet_full, compare::skynet_tiny);
  uint64_t got = 0;
  for (auto _ : now) got = sky(0, leaves);
  now.check(got, compare::skynet_answer(leaves));
}
COMPARE_PROBLEM(skynet);

uint64_t nodes_of(const compare::tree_node& node, std::uint32_t count) {
  if (count == 0) return 1;
  std::vector<fibers::future<uint64_t>> children;
  children.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    children.push_back(fork([next = node.child(i)] { return nodes_of(next, next.children()); }));
  }
  uint64_t nodes = 1;
  for (auto& child : children) nodes += child.get();
  return nodes;
}

void uneven_tree(compare::cell& now) {
  compare::fiber_threads::are_there(now.threads());
  const auto root_children = now.size(compare::uneven_tree_full, compare::uneven_tree_tiny);
  uint64_t got = 0;
  for (auto _ : now) got = nodes_of(compare::tree_root, root_children);
  now.check(got, compare::uneven_tree_answer(root_children));
}
COMPARE_PROBLEM(uneven_tree);

uint64_t ways(const compare::queens& board) {
  if (board.is_full()) return 1;
  std::vector<fibers::future<uint64_t>> children;
  compare::for_each_placement(
      board, [&](const compare::queens& next) { children.push_back(fork([next] { return ways(next); })); });
  uint64_t sum = 0;
  for (auto& child : children) sum += child.get();
  return sum;
}

void nqueens(compare::cell& now) {
  const int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  uint64_t got = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) got = ways({n});
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

void multiply(const compare::product& of) {
  if (of.is_leaf()) return of.multiply();
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<fibers::future<void>> blocks;
    for (std::size_t block = 0; block < 3; ++block) {
      blocks.push_back(fork([part = of.part(block / 2, block % 2, k)] { multiply(part); }));
    }
    multiply(of.part(1, 1, k));
    for (auto& block : blocks) block.get();
  }
}

void matmul(compare::cell& now) {
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) multiply(all.whole());
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

void spawn_join(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  uint64_t sum = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) {
    sum = 0;
    for (uint64_t i = 0; i < times; ++i) {
      fibers::fiber(fibers::launch::post, std::allocator_arg, stacks(), [&sum] { ++sum; }).join();
    }
  }
  now.items(times);
  now.check(sum, times);
}
COMPARE_PROBLEM(spawn_join);

void spawn_join_1000(compare::cell& now) {
  std::atomic<uint64_t> ended = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) {
    ended = 0;
    std::vector<fibers::fiber> children;
    children.reserve(compare::children_of_a_group);
    for (uint64_t i = 0; i < compare::children_of_a_group; ++i) {
      children.emplace_back(fibers::launch::post, std::allocator_arg, stacks(),
                            [&ended] { ended.fetch_add(1, std::memory_order_relaxed); });
    }
    for (fibers::fiber& child : children) child.join();
  }
  now.items(compare::children_of_a_group);
  now.check(ended, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

void yield(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  uint64_t done = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) {
    for (done = 0; done < times; ++done) boost::this_fiber::yield();
  }
  now.items(times);
  now.check(done, times);
}
COMPARE_PROBLEM(yield);

using channel = fibers::buffered_channel<int>;

uint64_t play(channel& mine, channel& theirs, uint64_t times) {
  uint64_t hits = 0;
  for (; hits < times; ++hits) {
    const int token = mine.value_pop();
    theirs.push(token);
  }
  return hits;
}

void ping_pong(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  uint64_t got = 0;
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) {
    channel ping(2);
    channel pong(2);
    auto other_side = fork([&] { return play(pong, ping, times); });
    ping.push(1);
    got = play(ping, pong, times);
    got += other_side.get();
  }
  now.items(2 * times);
  now.check(got, 2 * times);
}
COMPARE_PROBLEM(ping_pong);

// A fiber is not interrupted and there is no pool for what burns, so burners step aside after each piece.
void mixed_latency(compare::cell& now) {
  compare::fiber_threads::are_there(now.threads());
  for (auto _ : now) {
    compare::ticks ticks(now.size(compare::ticks_full, compare::ticks_tiny));
    std::atomic<bool> enough = false;
    std::vector<fibers::fiber> burners;
    for (unsigned i = 0; i < now.threads(); ++i) {
      burners.emplace_back(fibers::launch::post, std::allocator_arg, stacks(), [&enough, i] {
        for (uint64_t seed = i; !enough; boost::this_fiber::yield()) seed = compare::burn(seed);
      });
    }
    while (!ticks.is_done()) {
      boost::this_fiber::sleep_until(ticks.due());
      ticks.ticked();
    }
    enough = true;
    for (fibers::fiber& burner : burners) burner.join();
    now.took(now.percentiles(ticks.late()));
  }
}
COMPARE_PROBLEM_TIMED(mixed_latency, one_shot);

}  // namespace
