// Coroutine frames, recycled by size: one set of lists a thread, no lock, no atomic.
//
// A frame may be freed by another thread than the one that made it; it then joins the lists of the thread
// that freed it. Lists are bounded; what does not fit goes back to operator delete. Every block comes from
// operator new with its size rounded up to its class, so lists may be dropped at any time.
//
// Sanitizer builds of the library, and threads that are not workers, have a limit of zero: every frame then
// goes straight to operator new and delete, so that a use after free and a race stay visible.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::rt {

class frame_lists {
 public:
  // Sizes above 1024 bytes are not recycled; below, classes are 16 bytes apart.
  static constexpr std::size_t class_step = 16;
  static constexpr std::size_t class_count = 65;

  constexpr frame_lists() noexcept = default;
  frame_lists(const frame_lists&) = delete;
  frame_lists& operator=(const frame_lists&) = delete;
  ~frame_lists();

  // From now on keep up to the library's bound of frames of each class. Called by workers.
  void enable() noexcept;

  // Throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t size) {
    const std::size_t size_class = (size + class_step - 1) / class_step;
    if (size_class < class_count) [[likely]] {
      if (block* first = free_[size_class]) [[likely]] {
        free_[size_class] = first->next;
        --kept_[size_class];
        return first;
      }
    }
    return allocate_from_system(size_class);
  }

  void release(void* frame, std::size_t size) noexcept {
    const std::size_t size_class = (size + class_step - 1) / class_step;
    if (size_class < class_count && kept_[size_class] < limit_) [[likely]] {
      auto* first = static_cast<block*>(frame);
      first->next = free_[size_class];
      free_[size_class] = first;
      ++kept_[size_class];
      return;
    }
    release_to_system(frame);
  }

 private:
  struct block {
    block* next;
  };

  WEFT_COLD static void* allocate_from_system(std::size_t size_class);
  WEFT_COLD static void release_to_system(void* frame) noexcept;

  block* free_[class_count] = {};
  std::uint16_t kept_[class_count] = {};
  std::uint16_t limit_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
