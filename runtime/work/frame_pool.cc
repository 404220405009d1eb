#include "weft/rt/work/frame_pool.h"

#include <new>

namespace weft::inline WEFT_ABI::rt {
namespace {

// Decided by how the library is compiled, never by how the user's file is: one value in a program.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint16_t frames_kept_per_class = 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr std::uint16_t frames_kept_per_class = 0;
#else
constexpr std::uint16_t frames_kept_per_class = 512;
#endif
#else
constexpr std::uint16_t frames_kept_per_class = 512;
#endif

}  // namespace

frame_lists::~frame_lists() {
  for (block* first : free_) {
    while (first != nullptr) {
      block* next = first->next;
      ::operator delete(first);
      first = next;
    }
  }
}

void frame_lists::enable() noexcept {
  limit_ = frames_kept_per_class;
}

void* frame_lists::allocate_from_system(std::size_t size_class) {
  return ::operator new(size_class * class_step);
}

void frame_lists::release_to_system(void* frame) noexcept {
  ::operator delete(frame);
}

}  // namespace weft::inline WEFT_ABI::rt
