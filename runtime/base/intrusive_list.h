// A list of nodes that carry their own links: nothing is allocated, unlinking is O(1).
//
// Node has members `next` and `prev` of type Node*. A node that stands in no list has prev == nullptr: users
// may ask `is_linked`. Not thread-safe; the owner of the list brings the lock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

template <class Node>
class intrusive_list {
 public:
  intrusive_list() noexcept = default;
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] Node* front() const noexcept { return first_; }

  void push_back(Node& node) noexcept {
    // The first node's prev points at itself, so that a linked node never has a null prev.
    node.next = nullptr;
    node.prev = last_ != nullptr ? last_ : &node;
    (last_ != nullptr ? last_->next : first_) = &node;
    last_ = &node;
  }

  void remove(Node& node) noexcept {
    Node* before = node.prev == &node ? nullptr : node.prev;
    Node* after = node.next;
    (before != nullptr ? before->next : first_) = after;
    if (after != nullptr) {
      after->prev = before != nullptr ? before : after;
    } else {
      last_ = before;
    }
    node.next = nullptr;
    node.prev = nullptr;
  }

  Node* pop_front() noexcept {
    Node* node = first_;
    if (node != nullptr) remove(*node);
    return node;
  }

  [[nodiscard]] static bool is_linked(const Node& node) noexcept { return node.prev != nullptr; }

 private:
  Node* first_ = nullptr;
  Node* last_ = nullptr;
};

}  // namespace weft::inline WEFT_ABI::rt
