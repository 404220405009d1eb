// weft: the problems of forking and joining. when_all offers all children to the workers before the first one runs;
// fib_closures goes by parallel_invoke.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <ranges>
#include <vector>

#include "benchmarks/compare/harness/rival.h"
#include "benchmarks/compare/kernels/fib.h"
#include "benchmarks/compare/kernels/matmul.h"
#include "benchmarks/compare/kernels/nqueens.h"
#include "benchmarks/compare/kernels/skynet.h"
#include "benchmarks/compare/kernels/uneven_tree.h"
#include "weft/version.h"
#include "weft/weft.h"

namespace {

const compare::version_entry version("weft", WEFT_VERSION);

weft::task<std::uint64_t> fib_of(int n) {
  if (n < 2) co_return static_cast<std::uint64_t>(n);
  auto [left, right] = co_await weft::when_all(fib_of(n - 1), fib_of(n - 2));
  co_return left + right;
}

void fib(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(fib_of(n));
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib);

std::uint64_t fib_closures_of(int n) {
  if (n < 2) return static_cast<std::uint64_t>(n);
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  weft::parallel_invoke([&] { left = fib_closures_of(n - 1); }, [&] { right = fib_closures_of(n - 2); });
  return left + right;
}

void fib_closures(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const int n = now.size(compare::fib_full, compare::fib_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) weft::parallel_invoke(rt, [&] { got = fib_closures_of(n); });
  now.check(got, compare::fib_answer(n));
}
COMPARE_PROBLEM(fib_closures);

std::uint64_t sum_of(const std::vector<std::uint64_t>& values) {
  std::uint64_t sum = 0;
  for (const std::uint64_t value : values) sum += value;
  return sum;
}

weft::task<std::uint64_t> sky(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) co_return first;
  const std::uint64_t each = leaves / compare::skynet_fan_out;
  co_return sum_of(co_await weft::when_all(
      std::views::iota(std::uint64_t{0}, compare::skynet_fan_out) |
      std::views::transform([first, each](std::uint64_t i) { return sky(first + i * each, each); })));
}

void skynet(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto leaves = now.size(compare::skynet_full, compare::skynet_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(sky(0, leaves));
  now.check(got, compare::skynet_answer(leaves));
}
COMPARE_PROBLEM(skynet);

weft::task<std::uint64_t> ways(compare::queens board) {
  if (board.is_full()) co_return 1;
  std::vector<weft::task<std::uint64_t>> children;
  children.reserve(compare::nqueens_most);
  compare::for_each_placement(board, [&](const compare::queens& next) { children.push_back(ways(next)); });
  co_return sum_of(co_await weft::when_all(std::move(children)));
}

void nqueens(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const int n = now.size(compare::nqueens_full, compare::nqueens_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(ways({n}));
  now.check(got, compare::nqueens_answer(n));
}
COMPARE_PROBLEM(nqueens);

weft::task<> multiply(compare::product of) {
  if (of.is_leaf()) {
    of.multiply();
    co_return;
  }
  for (std::size_t k = 0; k < 2; ++k) {
    co_await weft::when_all(multiply(of.part(0, 0, k)), multiply(of.part(0, 1, k)),
                            multiply(of.part(1, 0, k)), multiply(of.part(1, 1, k)));
  }
}

void matmul(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  compare::matrices all(now.size(compare::matmul_full, compare::matmul_tiny));
  for (auto _ : now) rt.block_on(multiply(all.whole()));
  now.check(all.checksum(), all.answer());
}
COMPARE_PROBLEM(matmul);

weft::task<std::uint64_t> nodes_of(compare::tree_node node, std::uint32_t count) {
  if (count == 0) co_return 1;
  co_return 1 + sum_of(co_await weft::when_all(std::views::iota(std::uint32_t{0}, count) |
                                               std::views::transform([&node](std::uint32_t i) {
                                                 const compare::tree_node next = node.child(i);
                                                 return nodes_of(next, next.children());
                                               })));
}

void uneven_tree(compare::cell& now) {
  weft::runtime rt({.workers = now.threads()});
  const auto root_children = now.size(compare::uneven_tree_full, compare::uneven_tree_tiny);
  std::uint64_t got = 0;
  for (auto _ : now) got = rt.block_on(nodes_of(compare::tree_root, root_children));
  now.check(got, compare::uneven_tree_answer(root_children));
}
COMPARE_PROBLEM(uneven_tree);

}  // namespace
