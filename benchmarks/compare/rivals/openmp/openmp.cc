// OpenMP: tasks, in a parallel region of so many threads whose first one starts the work.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/skynet.h"
#include "benchmarks/compare/kernels/small_tasks.h"
#include "benchmarks/compare/kernels/uneven_tree.h"

namespace {

#ifndef _OPENMP

const compare::absence absent("this compiler's OpenMP is not installed (for clang-19: libomp-19-dev)");

#else

const compare::version_entry version("OpenMP", std::to_string(_OPENMP));

// Runs function() as the one that starts the others' work.
template <class F>
void in_parallel(unsigned threads, F function) {
#pragma omp parallel num_threads(threads)
#pragma omp single
  function();
}

std::uint64_t fib_of(int n) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t left = 0;
  std::uint64_t right = 0;
#pragma omp task shared(left) firstprivate(n)
  left = fib_of(n - 1);
  right = fib_of(n - 2);
#pragma omp taskwait
  return left + right;
}

void fib(compare::cell& now) {
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) in_parallel(now.threads(), [&] { got = fib_of(n); });
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

// Its tasks are closures.
void fib_closures(compare::cell& now) {
  fib(now);
}
COMPARE_PROBLEM(fib_closures);

std::uint64_t sum_of(const std::vector<std::uint64_t>& values) {
  std::uint64_t sum = 0;
  for (const std::uint64_t value : values) sum += value;
  return sum;
}

std::uint64_t sky(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  const std::uint64_t each = leaves / compare::skynet_fan_out;
  std::uint64_t sums[compare::skynet_fan_out] = {};
  for (std::uint64_t i = 0; i < compare::skynet_fan_out; ++i) {
#pragma omp task shared(sums) firstprivate(i, first, each)
    sums[i] = sky(first + i * each, each);
  }
#pragma omp taskwait
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

void skynet(compare::cell& now) {
  const auto leaves = now.size(compare::skynet_full, compare::skynet_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) in_parallel(now.threads(), [&] { got = sky(0, leaves); });
  now.check(got, compare::skynet_answer(leaves));
}
COMPARE_PROBLEM(skynet);

std::uint64_t ways(compare::queens board) {
  if (board.is_full()) return 1;
  std::uint64_t sums[compare::nqueens_most] = {};
  std::size_t made = 0;
  compare::for_each_placement(board, [&](compare::queens next) {
    std::uint64_t* const into = &sums[made++];
#pragma omp task firstprivate(into, next)
    *into = ways(next);
  });
#pragma omp taskwait
  std::uint64_t sum = 0;
  for (const std::uint64_t one : sums) sum += one;
  return sum;
}

void nqueens(compare::cell& now) {
  const int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) in_parallel(now.threads(), [&] { got = ways({n}); });
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

void multiply(compare::product of) {
  if (of.is_leaf()) return of.multiply();
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t block = 0; block < 4; ++block) {
      const compare::product part = of.part(block / 2, block % 2, k);
#pragma omp task firstprivate(part)
      multiply(part);
    }
#pragma omp taskwait
  }
}

void matmul(compare::cell& now) {
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  for (auto _ : now) in_parallel(now.threads(), [&] { multiply(all.whole()); });
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

std::uint64_t nodes_of(compare::tree_node node, std::uint32_t count) {
  if (count == 0) return 1;
  std::vector<std::uint64_t> below(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint64_t* const into = &below[i];
    const compare::tree_node next = node.child(i);
#pragma omp task firstprivate(into, next)
    *into = nodes_of(next, next.children());
  }
#pragma omp taskwait
  return 1 + sum_of(below);
}

void uneven_tree(compare::cell& now) {
  const auto root_children = now.size(compare::uneven_tree_full, compare::uneven_tree_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) in_parallel(now.threads(), [&] { got = nodes_of(compare::tree_root, root_children); });
  now.check(got, compare::uneven_tree_answer(root_children));
}
COMPARE_PROBLEM(uneven_tree);

void spawn_join(compare::cell& now) {
  const auto times = now.size(compare::repeats_full, compare::repeats_tiny);
  std::uint64_t sum = 0;
  in_parallel(now.threads(), [&now, &sum, times] {
    for (auto _ : now) {
      sum = 0;
      for (std::uint64_t i = 0; i < times; ++i) {
        std::uint64_t* const into = &sum;
#pragma omp task firstprivate(into)
        ++*into;
#pragma omp taskwait
      }
    }
  });
  now.items(times);
  now.check(sum, times);
}
COMPARE_PROBLEM(spawn_join);

void spawn_join_1000(compare::cell& now) {
  std::atomic<std::uint64_t> ended = 0;
  in_parallel(now.threads(), [&now, &ended] {
    for (auto _ : now) {
      ended = 0;
      std::atomic<std::uint64_t>* const counter = &ended;
      for (std::uint64_t i = 0; i < compare::children_of_a_group; ++i) {
#pragma omp task firstprivate(counter)
        counter->fetch_add(1, std::memory_order_relaxed);
      }
#pragma omp taskwait
    }
  });
  now.items(compare::children_of_a_group);
  now.check(ended, compare::children_of_a_group);
}
COMPARE_PROBLEM(spawn_join_1000);

#endif

}  // namespace
