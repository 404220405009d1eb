// The records of a backend's descriptors: made in chunks, used again, never given back while the backend
// lives.
//
// Any thread. Finding a record by its index takes no lock: the chunks never move.
//
// Invariant: every record below size_ is either on the free list or was handed out by take().
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/reactor/descriptor.h"

namespace weft::inline WEFT_ABI::rt {

class descriptor_slab {
 public:
  descriptor_slab() noexcept = default;
  descriptor_slab(const descriptor_slab&) = delete;
  descriptor_slab& operator=(const descriptor_slab&) = delete;
  // Closes what is still open.
  ~descriptor_slab();

  // Null when memory has run out.
  [[nodiscard]] descriptor_record* take() noexcept;
  // Nobody holds the record; its descriptor is closed.
  void give_back(descriptor_record& unused) noexcept;

  // `index` was handed out once.
  [[nodiscard]] descriptor_record& find(std::uint32_t index) const noexcept;

  [[nodiscard]] std::size_t in_use() const noexcept;

  // Operations that wait for an event, over all records: a hint, by a look at each.
  [[nodiscard]] std::size_t waiting_operations() const noexcept;

 private:
  static constexpr std::uint32_t first_chunk = 64;  // each chunk doubles the capacity
  static constexpr unsigned most_chunks = 26;

  static unsigned chunk_of(std::uint32_t index) noexcept;
  static std::uint32_t start_of(unsigned chunk) noexcept { return first_chunk * ((1u << chunk) - 1); }

  mutable mutex lock_;
  // Guarded by lock_.
  descriptor_record* free_ = nullptr;
  std::uint32_t size_ = 0;
  std::size_t in_use_ = 0;

  // Written once each, under lock_, release; read by find(), acquire.
  std::array<atomic<descriptor_record*>, most_chunks> chunks_{};
};

}  // namespace weft::inline WEFT_ABI::rt
