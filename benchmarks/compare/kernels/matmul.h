// matmul: C += A B, each cut into four blocks until they are 64 wide. The eight products of a level are two groups of
// four: the second group adds to the same blocks of C, so it waits for the first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace compare {

inline constexpr std::size_t matmul_full = 512;
inline constexpr std::size_t matmul_tiny = 128;
inline constexpr std::size_t matmul_leaf = 64;

// C += A B for blocks that are `width` wide, of matrices whose rows are `stride` apart.
struct product {
  const double* a;
  const double* b;
  double* c;
  std::size_t width;
  std::size_t stride;

  [[nodiscard]] bool is_leaf() const { return width <= matmul_leaf; }

  // The part that adds A's block (i, k) times B's block (k, j) to C's block (i, j).
  [[nodiscard]] product part(std::size_t i, std::size_t j, std::size_t k) const {
    const std::size_t half = width / 2;
    return {a + (i * stride + k) * half, b + (k * stride + j) * half, c + (i * stride + j) * half, half,
            stride};
  }

  // Not inlined: what a compiler makes of these loops inside a coroutine or a lambda is not what is compared.
  [[gnu::noinline]] void multiply() const {
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t k = 0; k < width; ++k) {
        const double factor = a[i * stride + k];
        for (std::size_t j = 0; j < width; ++j) c[i * stride + j] += factor * b[k * stride + j];
      }
    }
  }
};

// Three matrices of small whole numbers, so that all sums are exact in any order.
struct matrices {
  explicit matrices(std::size_t n) : width(n), a(n * n), b(n * n), c(n * n) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        a[i * n + j] = static_cast<double>((i + 3 * j) % 7);
        b[i * n + j] = static_cast<double>((2 * i + j) % 5);
      }
    }
  }

  // The whole product, with C empty again.
  [[nodiscard]] product whole() {
    c.assign(c.size(), 0.0);
    return {a.data(), b.data(), c.data(), width, width};
  }

  // The sum over C with a weight for each place.
  [[nodiscard]] std::uint64_t checksum() const {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t j = 0; j < width; ++j) sum += weight(i) * weight(j + 1) * c[i * width + j];
    }
    return static_cast<std::uint64_t>(sum);
  }
  // The same, from A and B alone.
  [[nodiscard]] std::uint64_t answer() const {
    double sum = 0;
    for (std::size_t k = 0; k < width; ++k) {
      double column = 0;
      double row = 0;
      for (std::size_t i = 0; i < width; ++i) {
        column += weight(i) * a[i * width + k];
        row += weight(i + 1) * b[k * width + i];
      }
      sum += column * row;
    }
    return static_cast<std::uint64_t>(sum);
  }

  std::size_t width;
  std::vector<double> a, b, c;

 private:
  static double weight(std::size_t i) { return static_cast<double>(i % 11 + 1); }
};

inline void matmul_serial(const product& of) {
  if (of.is_leaf()) return of.multiply();
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t block = 0; block < 4; ++block) matmul_serial(of.part(block / 2, block % 2, k));
  }
}

}  // namespace compare
