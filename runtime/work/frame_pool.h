// Coroutine frames, recycled by size: one set of lists a thread, no lock, no atomic.
//
// A frame may be freed by another thread than the one that made it; it then joins the lists of the thread
// that freed it. Lists are bounded: full ones go to a depot, from which other threads take them, or back to operator
// delete. Every block comes from operator new with its size rounded up to its class, so lists may be dropped at any
// time.
//
// Sanitizer builds of the library, models, and threads that are not workers have a limit of zero: every frame then
// goes straight to operator new and delete, so that a use after free and a race stay visible.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "weft/rt/base/config.h"
#include "weft/rt/work/frame_depot.h"

namespace weft::inline WEFT_ABI::rt {

class frame_lists {
 public:
  constexpr frame_lists() noexcept = default;
  frame_lists(const frame_lists&) = delete;
  frame_lists& operator=(const frame_lists&) = delete;
  ~frame_lists();

  // From now on keep up to two batches of each class, and exchange more with the depot, which outlives us. Called by
  // workers.
  void enable(frame_depot& depot) noexcept;

  // `size` is at least one. Throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t size) {
    const std::size_t size_class = (size + class_step - 1) / class_step;
    if (size_class < class_count) [[likely]] {
      if (frame_block* first = free_[size_class]) [[likely]] {
        free_[size_class] = first->next;
        --kept_[size_class];
        return first;
      }
    }
    return allocate_slowly(size_class);
  }

  void release(void* frame, std::size_t size) noexcept {
    const std::size_t size_class = (size + class_step - 1) / class_step;
    if (size_class < class_count && kept_[size_class] < limit_) [[likely]] {
      auto* first = static_cast<frame_block*>(frame);
      first->next = free_[size_class];
      free_[size_class] = first;
      ++kept_[size_class];
      return;
    }
    release_slowly(frame, size_class);
  }

 private:
  static constexpr std::size_t class_step = frame_depot::class_step;
  static constexpr std::size_t class_count = frame_depot::class_count;

  WEFT_COLD void* allocate_slowly(std::size_t size_class);
  WEFT_COLD void release_slowly(void* frame, std::size_t size_class) noexcept;

  frame_block* free_[class_count] = {};
  std::uint16_t kept_[class_count] = {};  // in free_
  std::uint16_t limit_ = 0;
  frame_block* spare_[class_count] = {};  // a full batch, or null
  frame_depot* depot_ = nullptr;          // since enable()
};

}  // namespace weft::inline WEFT_ABI::rt
