// nqueens: how many ways there are to put n queens on a board. A task for each placement in the first rows, the rest
// of the board by recursion: many tasks of some microseconds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace compare {

inline constexpr int nqueens_full = 13;
inline constexpr int nqueens_tiny = 8;
// Rows whose placements become tasks.
inline constexpr int nqueens_forked_rows = 3;
inline constexpr int nqueens_most = 16;

constexpr std::uint64_t nqueens_answer(int n) {
  constexpr std::uint64_t answers[] = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2'680, 14'200, 73'712};
  return answers[n];
}

// A board with queens in its first rows; a bit for each column that the next row must not use.
struct queens {
  int n;
  int row = 0;
  std::uint32_t columns = 0;
  std::uint32_t falling = 0;
  std::uint32_t rising = 0;

  [[nodiscard]] bool is_full() const { return row == n; }
  [[nodiscard]] bool is_forked() const { return row < nqueens_forked_rows; }
  [[nodiscard]] std::uint32_t free() const { return ~(columns | falling | rising) & ((1u << n) - 1); }
  [[nodiscard]] queens with(std::uint32_t place) const {
    return {n, row + 1, columns | place, (falling | place) << 1, (rising | place) >> 1};
  }
};

// Calls `visit(board)` for every placement in the next row.
template <class Visit>
void for_each_placement(const queens& board, Visit visit) {
  for (std::uint32_t open = board.free(); open != 0; open &= open - 1) visit(board.with(open & (~open + 1)));
}

inline std::uint64_t nqueens_serial(const queens& board) {
  if (board.is_full()) return 1;
  std::uint64_t ways = 0;
  for_each_placement(board, [&ways](const queens& next) { ways += nqueens_serial(next); });
  return ways;
}

}  // namespace compare
