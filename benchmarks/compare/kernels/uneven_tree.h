// uneven_tree: counts the nodes of a tree that nobody can cut into even parts beforehand, after the Unbalanced Tree
// Search benchmark. A node's number says how many children it has: eight, or mostly none.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace compare {

// Children of the root.
inline constexpr std::uint32_t uneven_tree_full = 2'000;
inline constexpr std::uint32_t uneven_tree_tiny = 20;
inline constexpr std::uint32_t uneven_tree_most = 8;

struct tree_node {
  std::uint64_t number;

  // Sebastiano Vigna's splitmix64, some rounds of it: the work of a node.
  [[nodiscard]] tree_node child(std::uint32_t index) const {
    std::uint64_t mixed = number + index + 1;
    for (int round = 0; round < 20; ++round) {
      mixed += 0x9e3779b97f4a7c15u;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
      mixed ^= mixed >> 31;
    }
    return {mixed};
  }
  // 0.992 on average, so that the tree ends, and takes its time about it.
  [[nodiscard]] std::uint32_t children() const { return number % 1000 < 124 ? uneven_tree_most : 0; }
};

inline constexpr tree_node tree_root{42};

// Nodes below and with this one.
inline std::uint64_t uneven_tree_below(const tree_node& node) {
  std::uint64_t nodes = 1;
  for (std::uint32_t i = 0; i < node.children(); ++i) nodes += uneven_tree_below(node.child(i));
  return nodes;
}

inline std::uint64_t uneven_tree_serial(std::uint32_t root_children) {
  std::uint64_t nodes = 1;
  for (std::uint32_t i = 0; i < root_children; ++i) nodes += uneven_tree_below(tree_root.child(i));
  return nodes;
}

// Counted once, by a program in another language.
constexpr std::uint64_t uneven_tree_answer(std::uint32_t root_children) {
  return root_children == uneven_tree_full ? 140'185 : 37;
}

}  // namespace compare
