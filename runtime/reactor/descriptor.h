// A registered file descriptor: the record that a backend keeps for it, and the value by which sockets name
// it.
//
// A record's memory is never given back while its backend lives, so a stale value is harmless: the generation
// in it no longer fits, and every use fails.
//
// Invariant: `file`, `index` and `next_free` change only while nobody holds the record (see control_word.h);
// `waiting[d]` belongs to who holds direction d.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/reactor/control_word.h"

namespace weft::inline WEFT_ABI::rt {

class backend;
struct io_op;

struct alignas(64) descriptor_record {
  control_word control;
  io_op* waiting[2] = {nullptr, nullptr};
  descriptor_record* next_free = nullptr;
  std::uint32_t index = 0;
  int file = -1;
};

// A plain value, as copyable as a file descriptor's number, but never mistaken for another that came later.
struct descriptor {
  descriptor_record* record = nullptr;
  backend* home = nullptr;  // outlives all its descriptors' users
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const noexcept { return record != nullptr; }
  friend bool operator==(const descriptor&, const descriptor&) noexcept = default;
};

}  // namespace weft::inline WEFT_ABI::rt
