#include "weft/rt/work/frame_pool.h"

#include <new>
#include <utility>

namespace weft::inline WEFT_ABI::rt {
namespace {

// Decided by how the library is compiled, never by how the user's file is: one value in a program.
#if WEFT_MODEL || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint16_t frames_in_a_list = 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr std::uint16_t frames_in_a_list = 0;
#else
constexpr std::uint16_t frames_in_a_list = frame_depot::batch;
#endif
#else
constexpr std::uint16_t frames_in_a_list = frame_depot::batch;
#endif

}  // namespace

frame_lists::~frame_lists() {
  for (frame_block* first : free_) delete_blocks(first);
  for (frame_block* first : spare_) delete_blocks(first);
}

void frame_lists::enable(frame_depot& depot) noexcept {
  limit_ = frames_in_a_list;
  depot_ = &depot;
}

void* frame_lists::allocate_slowly(std::size_t size_class) {
  if (limit_ != 0 && size_class < class_count) {
    frame_block* full = std::exchange(spare_[size_class], nullptr);
    if (full == nullptr) full = depot_->take(size_class);
    if (full != nullptr) {
      free_[size_class] = full->next;
      kept_[size_class] = limit_ - 1;
      return full;
    }
  }
  return ::operator new(size_class * class_step);
}

void frame_lists::release_slowly(void* frame, std::size_t size_class) noexcept {
  if (limit_ == 0 || size_class >= class_count) return ::operator delete(frame);
  frame_block* const before = std::exchange(spare_[size_class], free_[size_class]);
  if (before != nullptr && !depot_->give(size_class, before)) delete_blocks(before);
  free_[size_class] = static_cast<frame_block*>(frame);
  free_[size_class]->next = nullptr;
  kept_[size_class] = 1;
}

}  // namespace weft::inline WEFT_ABI::rt
