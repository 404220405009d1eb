// Nodes that carry their own links: order, unlinking from anywhere, and who is linked.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "weft/rt/base/rng.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

struct node {
  node* next = nullptr;
  node* prev = nullptr;
};

using list = intrusive_list<node>;

TEST(intrusive_list, a_fresh_list_is_empty_and_gives_nothing) {
  list empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.front(), nullptr);
  EXPECT_EQ(empty.pop_front(), nullptr);
}

TEST(intrusive_list, nodes_come_out_in_the_order_in_which_they_went_in) {
  list row;
  std::array<node, 3> nodes;
  for (node& each : nodes) row.push_back(each);
  for (node& each : nodes) EXPECT_EQ(row.pop_front(), &each);
  EXPECT_TRUE(row.empty());
}

TEST(intrusive_list, a_node_is_linked_exactly_while_it_stands_in_a_list_even_alone) {
  list row;
  node only;
  EXPECT_FALSE(list::is_linked(only));
  row.push_back(only);
  EXPECT_TRUE(list::is_linked(only));
  row.remove(only);
  EXPECT_FALSE(list::is_linked(only));
  row.push_back(only);
  EXPECT_EQ(row.pop_front(), &only);
  EXPECT_FALSE(list::is_linked(only));
}

TEST(intrusive_list, removing_any_one_of_three_keeps_the_other_two_in_order) {
  for (std::size_t gone = 0; gone < 3; ++gone) {
    list row;
    std::array<node, 3> nodes;
    for (node& each : nodes) row.push_back(each);
    row.remove(nodes[gone]);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(list::is_linked(nodes[i]), i != gone) << "without " << gone << ", node " << i;
    }
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == gone) continue;
      EXPECT_EQ(row.pop_front(), &nodes[i]) << "without " << gone;
    }
    EXPECT_TRUE(row.empty());
  }
}

TEST(intrusive_list, a_list_whose_last_node_was_removed_takes_new_ones) {
  list row;
  node first, last, later;
  row.push_back(first);
  row.push_back(last);
  row.remove(last);
  row.push_back(later);
  EXPECT_EQ(row.pop_front(), &first);
  EXPECT_EQ(row.pop_front(), &later);
  EXPECT_EQ(row.pop_front(), nullptr);
}

TEST(intrusive_list, it_agrees_with_a_deque_in_any_mixture_of_pushes_and_removals) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    rng random(seed);
    std::array<node, 24> nodes;
    std::deque<node*> expected;
    list row;
    for (int i = 0; i < 4000; ++i) {
      node& chosen = nodes[random.below(nodes.size())];
      if (list::is_linked(chosen)) {
        std::erase(expected, &chosen);
        row.remove(chosen);
      } else {
        expected.push_back(&chosen);
        row.push_back(chosen);
      }
      ASSERT_EQ(row.front(), expected.empty() ? nullptr : expected.front())
          << "seed " << seed << ", step " << i;
      if (random.below(16) == 0 && !expected.empty()) {
        ASSERT_EQ(row.pop_front(), expected.front()) << "seed " << seed << ", step " << i;
        expected.pop_front();
      }
    }
    while (!expected.empty()) {
      ASSERT_EQ(row.pop_front(), expected.front()) << "seed " << seed;
      expected.pop_front();
    }
    EXPECT_TRUE(row.empty());
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
