#include "weft/rt/reactor/descriptor_slab.h"

#include <bit>
#include <new>

#include "weft/rt/os/fd.h"

namespace weft::inline WEFT_ABI::rt {

descriptor_slab::~descriptor_slab() {
  for (std::uint32_t i = 0; i < size_; ++i) {
    const os::fd open(find(i).file);  // closes; -1 for a record on the free list
  }
  for (atomic<descriptor_record*>& chunk : chunks_) {
    delete[] chunk.load(std::memory_order_relaxed);  // no other thread is left
  }
}

unsigned descriptor_slab::chunk_of(std::uint32_t index) noexcept {
  return static_cast<unsigned>(std::bit_width(index / first_chunk + 1)) - 1;
}

descriptor_record& descriptor_slab::find(std::uint32_t index) const noexcept {
  const unsigned chunk = chunk_of(index);
  return chunks_[chunk].load(std::memory_order_acquire)[index - start_of(chunk)];  // pairs with take()
}

descriptor_record* descriptor_slab::take() noexcept {
  lock_guard<mutex> guard(lock_);
  if (descriptor_record* reused = free_) {
    free_ = reused->next_free;
    ++in_use_;
    return reused;
  }
  const unsigned chunk = chunk_of(size_);
  if (chunk >= most_chunks) return nullptr;
  if (size_ == start_of(chunk)) {
    auto* made = new (std::nothrow) descriptor_record[std::size_t{first_chunk} << chunk];
    if (made == nullptr) return nullptr;
    chunks_[chunk].store(made, std::memory_order_release);  // pairs with find()
  }
  descriptor_record& fresh = find(size_);
  fresh.index = size_++;
  ++in_use_;
  return &fresh;
}

void descriptor_slab::give_back(descriptor_record& unused) noexcept {
  lock_guard<mutex> guard(lock_);
  unused.next_free = free_;
  free_ = &unused;
  --in_use_;
}

std::size_t descriptor_slab::in_use() const noexcept {
  lock_guard<mutex> guard(lock_);
  return in_use_;
}

std::size_t descriptor_slab::waiting_operations() const noexcept {
  std::uint32_t records = 0;
  {
    lock_guard<mutex> guard(lock_);
    records = size_;
  }
  std::size_t waiting = 0;
  for (std::uint32_t i = 0; i < records; ++i) waiting += find(i).control.waiting_operations();
  return waiting;
}

}  // namespace weft::inline WEFT_ABI::rt
