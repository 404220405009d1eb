// Functions to be called when a stop is asked for: a list that any thread may join, leave, and call.
//
// A function is called once, by the thread that asks, without a lock held. Whoever takes one out while it runs on
// another thread waits until it has returned; from inside the function itself there is no waiting, and it may free
// itself.
//
// Invariant: an entry's memory lives until remove() has returned, or its function has freed it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/intrusive_list.h"

namespace weft::inline WEFT_ABI::rt {

class stop_callbacks {
 public:
  struct entry {
    using call_fn = void (*)(entry&) noexcept;
    explicit entry(call_fn function) noexcept : call(function) {}

    call_fn call;
    stop_callbacks* in = nullptr;  // touched by the thread that adds and removes
    // The rest: guarded by the list's lock.
    entry* next = nullptr;
    entry* prev = nullptr;
    bool is_listed = false;
  };

  stop_callbacks() = default;
  stop_callbacks(const stop_callbacks&) = delete;
  stop_callbacks& operator=(const stop_callbacks&) = delete;
  ~stop_callbacks();

  // False: the stop was asked for before; the caller calls the function itself.
  [[nodiscard]] bool add(entry& joining) noexcept;
  // Of an entry that was added. Waits if it runs on another thread.
  void remove(entry& leaving) noexcept;

  // Calls all of them. True: the first request.
  bool request() noexcept;

  [[nodiscard]] bool is_requested() const noexcept {
    return is_requested_.load(std::memory_order_acquire);  // pairs with request(): what came before it
  }
  // Whether somebody has joined and not left.
  [[nodiscard]] bool has_any() const noexcept {
    return count_.load(std::memory_order_seq_cst) != 0;  // pairs with add(), see scope::stop
  }

 private:
  mutable mutex lock_;
  condition_variable returned_;
  // Written under lock_, by request(); read by anyone.
  atomic<bool> is_requested_{false};
  // Written under lock_; read by scope::stop without it.
  atomic<std::size_t> count_{0};
  // The rest: guarded by lock_.
  intrusive_list<entry> waiting_;
  const entry* running_ = nullptr;  // compared only
  thread_id runs_on_{};
};

}  // namespace weft::inline WEFT_ABI::rt
