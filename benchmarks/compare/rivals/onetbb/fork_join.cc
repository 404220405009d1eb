// oneTBB: the problems of forking and joining, by task_group, and fib_closures by parallel_invoke.
//
// Compiled twice. As `onetbb` a task_group makes a context of its own, which is the default; as `onetbb_shared`
// (COMPARE_SHARED_CONTEXT) all groups of a run stand in one context, which is what its own algorithms do.
// SPDX-License-Identifier: Apache-2.0
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_group.h>

#include <array>
#include <cstdint>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/skynet.h"
#include "benchmarks/compare/kernels/uneven_tree.h"
#include "benchmarks/compare/rivals/onetbb/arena.h"

namespace {

std::uint64_t fib_of(int n, tbb::task_group_context& shared) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t left = 0;
  COMPARE_TASK_GROUP(both, shared);
  both.run([&left, n, &shared] { left = fib_of(n - 1, shared); });
  const std::uint64_t right = fib_of(n - 2, shared);
  both.wait();
  return left + right;
}

void fib(compare::cell& now) {
  compare::arena threads(now.threads());
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = threads.run([n](auto& shared) { return fib_of(n, shared); });
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

std::uint64_t sky(std::uint64_t first, std::uint64_t leaves, tbb::task_group_context& shared) {
  if (leaves == 1) return first;
  const std::uint64_t each = leaves / compare::skynet_fan_out;
  std::array<std::uint64_t, compare::skynet_fan_out> sums{};
  COMPARE_TASK_GROUP(children, shared);
  for (std::uint64_t i = 0; i < compare::skynet_fan_out; ++i) {
    children.run([&sums, i, first, each, &shared] { sums[i] = sky(first + i * each, each, shared); });
  }
  children.wait();
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

void skynet(compare::cell& now) {
  compare::arena threads(now.threads());
  const auto leaves = now.size(compare::skynet_full, compare::skynet_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = threads.run([leaves](auto& shared) { return sky(0, leaves, shared); });
  now.check(got, compare::skynet_answer(leaves));
}
COMPARE_PROBLEM(skynet);

std::uint64_t ways(const compare::queens& board, tbb::task_group_context& shared) {
  if (board.is_full()) return 1;
  std::array<std::uint64_t, compare::nqueens_most> sums{};
  std::size_t made = 0;
  COMPARE_TASK_GROUP(children, shared);
  compare::for_each_placement(board, [&](const compare::queens& next) {
    children.run([&into = sums[made++], next, &shared] { into = ways(next, shared); });
  });
  children.wait();
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

void nqueens(compare::cell& now) {
  compare::arena threads(now.threads());
  const int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = threads.run([n](auto& shared) { return ways({n}, shared); });
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

void multiply(const compare::product& of, tbb::task_group_context& shared) {
  if (of.is_leaf()) return of.multiply();
  for (std::size_t k = 0; k < 2; ++k) {
    COMPARE_TASK_GROUP(blocks, shared);
    for (std::size_t block = 0; block < 3; ++block) {
      blocks.run([part = of.part(block / 2, block % 2, k), &shared] { multiply(part, shared); });
    }
    multiply(of.part(1, 1, k), shared);
    blocks.wait();
  }
}

void matmul(compare::cell& now) {
  compare::arena threads(now.threads());
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  for (auto _ : now) threads.run([&all](auto& shared) { multiply(all.whole(), shared); });
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

std::uint64_t nodes_of(const compare::tree_node& node, std::uint32_t count, tbb::task_group_context& shared) {
  if (count == 0) return 1;
  std::vector<std::uint64_t> below(count);
  COMPARE_TASK_GROUP(children, shared);
  for (std::uint32_t i = 0; i < count; ++i) {
    children.run([&into = below[i], next = node.child(i), &shared] {
      into = nodes_of(next, next.children(), shared);
    });
  }
  children.wait();
  std::uint64_t sum = 1;
  for (const std::uint64_t one : below) sum += one;
  return sum;
}

void uneven_tree(compare::cell& now) {
  compare::arena threads(now.threads());
  const auto root_children = now.size(compare::uneven_tree_full, compare::uneven_tree_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    got = threads.run([=](auto& shared) { return nodes_of(compare::tree_root, root_children, shared); });
  }
  now.check(got, compare::uneven_tree_answer(root_children));
}
COMPARE_PROBLEM(uneven_tree);

#ifdef COMPARE_SHARED_CONTEXT

std::uint64_t fib_closures_of(int n, tbb::task_group_context& shared) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  tbb::parallel_invoke([&] { left = fib_closures_of(n - 1, shared); },
                       [&] { right = fib_closures_of(n - 2, shared); }, shared);
  return left + right;
}

#else

std::uint64_t fib_closures_of(int n, tbb::task_group_context& unused) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  tbb::parallel_invoke([&] { left = fib_closures_of(n - 1, unused); },
                       [&] { right = fib_closures_of(n - 2, unused); });
  return left + right;
}

#endif

void fib_closures(compare::cell& now) {
  compare::arena threads(now.threads());
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = threads.run([n](auto& shared) { return fib_closures_of(n, shared); });
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib_closures);

}  // namespace
