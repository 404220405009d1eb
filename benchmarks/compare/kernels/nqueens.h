// nqueens: how many ways there are to put n queens on a board. A task for each placement in each row, which finds its place
// by comparing with all queens above: some work, and many tasks; as in the Barcelona OpenMP Tasks Suite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace compare {

inline constexpr int nqueens_full = 11;
inline constexpr int nqueens_tiny = 8;
inline constexpr int nqueens_most = 16;

constexpr std::uint64_t nqueens_answer(int n) {
  constexpr std::uint64_t answers[] = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2'680, 14'200, 73'712};
  return answers[n];
}

// A board with queens in its first rows: the column of each.
struct queens {
  int n;
  int row = 0;
  std::array<std::int8_t, nqueens_most> column{};

  [[nodiscard]] bool is_full() const { return row == n; }
  [[nodiscard]] bool is_free(int place) const {
    for (int above = 0; above < row; ++above) {
      const int aside = column[above] - place;
      if (aside == 0 || aside == row - above || aside == above - row) return false;
    }
    return true;
  }
  [[nodiscard]] queens with(int place) const {
    queens next = *this;
    next.column[next.row++] = static_cast<std::int8_t>(place);
    return next;
  }
};

// Calls `visit(board)` for every placement in the next row.
template <class Visit>
void for_each_placement(const queens& board, Visit visit) {
  for (int place = 0; place < board.n; ++place) {
    if (board.is_free(place)) visit(board.with(place));
  }
}

inline std::uint64_t nqueens_serial(const queens& board) {
  if (board.is_full()) return 1;
  std::uint64_t ways = 0;
  for_each_placement(board, [&ways](const queens& next) { ways += nqueens_serial(next); });
  return ways;
}

}  // namespace compare
