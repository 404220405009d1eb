// Frames that one worker has freed and another may want, by the batch.
//
// Where tasks are made on one worker and end on others, the others' lists fill up and the maker's stay empty. Full lists
// are handed in here, and taken out whole: one lock for a batch. (After Bonwick and Adams, "Magazines and Vmem", USENIX
// 2001: a thread keeps a second list, so that it comes here once a batch, whatever it does.)
//
// Bounded: what would be more than 16 MiB in all goes back to operator delete.
//
// Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "weft/rt/base/atomic.h"

namespace weft::inline WEFT_ABI::rt {

// A frame that nobody uses. As large as the smallest class.
struct frame_block {
  frame_block* next;
  frame_block* next_batch;  // of the first block of a batch
};

// Deletes a batch, or a part of one.
void delete_blocks(frame_block* first) noexcept;

class frame_depot {
 public:
  // Classes of size are 16 bytes apart and counted from one; larger frames are not recycled.
  static constexpr std::size_t class_step = 16;
  static constexpr std::size_t class_count = 65;
  // Blocks in a batch.
  static constexpr std::uint16_t batch = 256;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  frame_depot() = default;
  frame_depot(const frame_depot&) = delete;
  frame_depot& operator=(const frame_depot&) = delete;
  ~frame_depot();

  // A batch; null when there is none.
  [[nodiscard]] frame_block* take(std::size_t size_class) noexcept;
  // False: full, and the batch stays the caller's.
  [[nodiscard]] bool give(std::size_t size_class, frame_block* full) noexcept;

 private:
  static constexpr std::uint64_t bit_of(std::size_t size_class) noexcept {
    return std::uint64_t{1} << (size_class - 1);
  }
  static constexpr std::size_t bytes_of(std::size_t size_class) noexcept {
    return size_class * class_step * batch;
  }

  // A bit for each class that has a batch. Written under the lock; a look without it may be late.
  static_assert(sizeof(frame_block) <= class_step && class_count <= 65);
  atomic<std::uint64_t> stocked_{0};
  mutex lock_;
  std::array<frame_block*, class_count> batches_{};  // this and the rest: guarded by lock_
  std::size_t bytes_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
