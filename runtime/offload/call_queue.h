// Calls that wait for a thread, first in first out, and the lock that decides between a thread and a
// canceller.
//
// Of a pool: see crew.h. Every function but claim() is called with the lock held; claim() too, so that a
// canceller that sees a started call and gets the lock finds it linked, taken or refused.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/intrusive_list.h"
#include "weft/rt/offload/call.h"

namespace weft::inline WEFT_ABI::rt {

struct call_queue {
  // created -> started. False: a canceller was here before, and the call is abandoned.
  [[nodiscard]] bool claim(call& given) noexcept {
    given.queue = this;
    auto created = call::progress::created;
    // Release pairs with cancel_call(). A failure needs no order: the awaiter only ends its own operation.
    return given.state.compare_exchange_strong(created, call::progress::started, std::memory_order_release,
                                               std::memory_order_relaxed);
  }

  void push_back(call& claimed) noexcept {
    calls.push_back(claimed);
    ++size;
  }

  // Null when empty. The caller runs it.
  [[nodiscard]] call* pop_front() noexcept {
    call* oldest = calls.pop_front();
    if (oldest != nullptr) --size;
    return oldest;
  }

  // False: a thread has it, or it was refused.
  [[nodiscard]] bool unlink(call& stopped) noexcept {
    if (!intrusive_list<call>::is_linked(stopped)) return false;
    calls.remove(stopped);
    --size;
    return true;
  }

  mutex lock;
  intrusive_list<call> calls;
  std::size_t size = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
