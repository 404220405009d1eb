#include "weft/model/heap.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace weft::inline WEFT_ABI::model {
namespace {

// Stands directly in front of each block.
struct header {
  header* next;  // of all that was allocated in this execution
  void* whole;
  std::uint64_t kind;
  std::uint64_t unused;
};
constexpr std::uint64_t of_explorer = 0x5eed0000, of_model = 0x5eed0001, freed = 0x5eed0002;

header* blocks = nullptr;
std::size_t live = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  alignment = std::max(alignment, alignof(std::max_align_t));
  void* const whole = std::malloc(size + sizeof(header) + alignment);
  if (whole == nullptr) throw std::bad_alloc();
  const auto raw = reinterpret_cast<std::uintptr_t>(whole) + sizeof(header);
  auto* const block = reinterpret_cast<char*>((raw + alignment - 1) / alignment * alignment);
  auto* const head = reinterpret_cast<header*>(block - sizeof(header));
  *head = {nullptr, whole, of_explorer, 0};
  if (own_memory::depth == 0) {
    head->kind = of_model;
    head->next = blocks;
    blocks = head;
    ++live;
  }
  return block;
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  auto* const head = reinterpret_cast<header*>(static_cast<char*>(block) - sizeof(header));
  if (head->kind == of_model) {
    head->kind = freed;
    --live;
  } else if (head->kind == of_explorer) {
    std::free(head->whole);
  } else {
    __builtin_trap();  // freed twice: a crash of the model (main.cc), where abort() would be one of the explorer
  }
}

}  // namespace

std::size_t live_blocks() noexcept {
  return live;
}

void drop_blocks() noexcept {
  while (blocks != nullptr) {
    header* const dropped = blocks;
    blocks = dropped->next;
    std::free(dropped->whole);
  }
  live = 0;
}

}  // namespace weft::inline WEFT_ABI::model

void* operator new(std::size_t size) {
  return weft::model::allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return weft::model::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size) {
  return weft::model::allocate(size, 0);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return weft::model::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  weft::model::release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  weft::model::release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  weft::model::release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  weft::model::release(block);
}
void operator delete[](void* block) noexcept {
  weft::model::release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  weft::model::release(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  weft::model::release(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  weft::model::release(block);
}
