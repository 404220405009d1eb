#include "weft/rt/work/frame_depot.h"

#include <new>
#include <utility>

namespace weft::inline WEFT_ABI::rt {

void delete_blocks(frame_block* first) noexcept {
  while (first != nullptr) ::operator delete(std::exchange(first, first->next));
}

frame_depot::~frame_depot() {
  for (frame_block* each : batches_) {
    while (each != nullptr) delete_blocks(std::exchange(each, each->next_batch));
  }
}

frame_block* frame_depot::take(std::size_t size_class) noexcept {
  if ((stocked_.load(std::memory_order_relaxed) & bit_of(size_class)) == 0) return nullptr;
  const lock_guard<mutex> guard(lock_);
  frame_block* const first = batches_[size_class];
  if (first == nullptr) return nullptr;
  batches_[size_class] = first->next_batch;
  bytes_ -= bytes_of(size_class);
  if (first->next_batch == nullptr) stocked_.fetch_and(~bit_of(size_class), std::memory_order_relaxed);
  return first;
}

bool frame_depot::give(std::size_t size_class, frame_block* full) noexcept {
  const lock_guard<mutex> guard(lock_);
  if (bytes_ + bytes_of(size_class) > most_bytes) return false;
  bytes_ += bytes_of(size_class);
  full->next_batch = std::exchange(batches_[size_class], full);
  stocked_.fetch_or(bit_of(size_class), std::memory_order_relaxed);
  return true;
}

}  // namespace weft::inline WEFT_ABI::rt
