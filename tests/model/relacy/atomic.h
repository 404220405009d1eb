// rt::atomic and rt::mutex as Relacy's, for a second opinion by an explorer that is not ours (decision 0023).
//
// Stands in the place of tests/model/explorer/atomic.h, so that the same copies of the sources, with the same planted
// errors, run on it. Relacy wants a place with each operation, which its users write as `$`; here it is the default
// argument that ours has. Only what fork_queue.h and control_word.h use.
// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the sources include: before Relacy's macros.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// clang-format off: last of all
#include <relacy/relacy.hpp>
// clang-format on

// It gives these words a meaning of its own.
#undef VAR
#undef assert
#undef calloc
#undef delete
#undef errno
#undef free
#undef malloc
#undef memory_order_acq_rel
#undef memory_order_acquire
#undef memory_order_consume
#undef memory_order_relaxed
#undef memory_order_release
#undef memory_order_seq_cst
#undef new
#undef realloc

#include "weft/rt/base/config.h"

namespace weft::inline WEFT_ABI::model {

using place = std::source_location;

[[nodiscard]] inline rl::debug_info spelled(const place& at) {
  return {at.function_name(), at.file_name(), at.line()};
}

// Of backoff.h: until others have run.
inline void give_way(const place at = place::current()) {
  rl::yield(1, spelled(at));
}

[[nodiscard]] constexpr rl::memory_order spelled(std::memory_order how) noexcept {
  switch (how) {
    case std::memory_order_relaxed:
      return rl::mo_relaxed;
    case std::memory_order_acquire:
    case std::memory_order_consume:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    case std::memory_order_seq_cst:
      break;
  }
  return rl::mo_seq_cst;
}

template <class T>
class atomic {
  using order = std::memory_order;

 public:
  atomic() : atomic(T()) {}
  atomic(T value) : word_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] T load(order how, place at = place::current()) const {
    return word_.load(spelled(how), spelled(at));
  }
  void store(T value, order how, place at = place::current()) {
    word_.store(value, spelled(how), spelled(at));
  }
  T exchange(T value, order how, place at = place::current()) {
    return word_.exchange(value, spelled(how), spelled(at));
  }
  T fetch_add(T change, order how, place at = place::current()) {
    return word_.fetch_add(change, spelled(how), spelled(at));
  }
  T fetch_sub(T change, order how, place at = place::current()) {
    return word_.fetch_sub(change, spelled(how), spelled(at));
  }
  T fetch_or(T bits, order how, place at = place::current()) {
    return word_.fetch_or(bits, spelled(how), spelled(at));
  }
  T fetch_and(T bits, order how, place at = place::current()) {
    return word_.fetch_and(bits, spelled(how), spelled(at));
  }
  bool compare_exchange_strong(T& expected, T desired, order how, order on_failure,
                               place at = place::current()) {
    return word_.compare_exchange(rl::bool_t<false>(), expected, desired, spelled(how),
                                  failure(how, on_failure), spelled(at));
  }
  bool compare_exchange_weak(T& expected, T desired, order how, order on_failure,
                             place at = place::current()) {
    return word_.compare_exchange(rl::bool_t<true>(), expected, desired, spelled(how),
                                  failure(how, on_failure), spelled(at));
  }

 private:
  // Relacy follows C++11, where a failure was never stronger than the success.
  static rl::memory_order failure(order how, order on_failure) noexcept {
    if (how == std::memory_order_release || how == std::memory_order_relaxed) return rl::mo_relaxed;
    return spelled(on_failure);
  }

  rl::atomic<T> word_;
};

class mutex {
 public:
  void lock(place at = place::current()) { lock_.lock(spelled(at)); }
  void unlock(place at = place::current()) { lock_.unlock(spelled(at)); }

 private:
  rl::mutex lock_;
};

}  // namespace weft::inline WEFT_ABI::model

namespace weft::inline WEFT_ABI::rt {

template <class T>
using atomic = model::atomic<T>;
using mutex = model::mutex;
template <class Mutex>
using lock_guard = std::lock_guard<Mutex>;

}  // namespace weft::inline WEFT_ABI::rt
