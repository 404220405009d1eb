// The kernels without any scheduler, on one thread whatever --threads says: what the others are divided by.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/skynet.h"
#include "benchmarks/compare/kernels/uneven_tree.h"

namespace {

void fib(compare::cell& now) {
  int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    benchmark::DoNotOptimize(n);
    got = compare::fib_serial(n);
  }
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

void fib_closures(compare::cell& now) {
  fib(now);
}
COMPARE_PROBLEM(fib_closures);

void skynet(compare::cell& now) {
  auto leaves = now.size(compare::skynet_full, compare::skynet_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    benchmark::DoNotOptimize(leaves);
    got = compare::skynet_serial(0, leaves);
  }
  now.check(got, compare::skynet_answer(leaves));
}
COMPARE_PROBLEM(skynet);

void nqueens(compare::cell& now) {
  int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    benchmark::DoNotOptimize(n);
    got = compare::nqueens_serial({n});
  }
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

void matmul(compare::cell& now) {
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  for (auto _ : now) compare::matmul_serial(all.whole());
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

void uneven_tree(compare::cell& now) {
  auto root_children = now.size(compare::uneven_tree_full, compare::uneven_tree_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) {
    benchmark::DoNotOptimize(root_children);
    got = compare::uneven_tree_serial(root_children);
  }
  now.check(got, compare::uneven_tree_answer(root_children));
}
COMPARE_PROBLEM(uneven_tree);

}  // namespace
