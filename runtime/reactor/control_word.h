// The word that decides who may touch a descriptor: its generation, whether it is closed, and for each
// direction (reading, writing) who is at it.
//
//          +------------------------- claim ------------------------+
//          |                                                        v
//   none --+-- event --> ready -- claim --> trying <-- event, kick, --+
//     ^                    ^                 |   |                    |
//     +----- release ------+---- release ----+   +--- publish --> waiting -- close --> none
//
//   none     nothing to be had: an event will come    trying   one operation is at it: makes system calls
//   ready    a system call may succeed                waiting  one operation waits for an event
//
// An event (or a kick) that comes while `trying` is kept in the `again` bit: publish then fails, so that none
// is lost.
//
// Any thread, any function; each is one exchange.
//
// Invariant 1: at most one operation is at a direction. It holds the direction from claim to release.
// Invariant 2: once closed, nothing is claimed, pinned or published; counts only fall. Exactly one call
// answers that it was the last, and its caller closes the descriptor.
// Invariant 3: a call with another generation changes nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

enum class direction : std::uint8_t { read, write };

// What an event says, free of any platform's names.
struct readiness_event {
  bool may_read = false;
  bool may_write = false;
  // From now on a short read does not mean that nothing is left: the peer has closed, or there was urgent
  // data.
  bool always_try = false;
};

// The directions in which an operation was taken out of its wait. Whoever gets this now holds them.
struct taken_directions {
  bool read = false;
  bool write = false;
};

class control_word {
 public:
  enum class claimed : std::uint8_t { may_try, must_wait, busy, gone };
  enum class published : std::uint8_t { waiting, try_again, closed };

  // A record that nobody else knows: both directions ready, so that the first system call is made at once.
  void open(std::uint32_t generation) noexcept {
    // Release publishes the record's plain fields to whoever finds this generation.
    word_.store(to_generation(generation) | put(direction::read, ready) | put(direction::write, ready),
                std::memory_order_release);
  }

  [[nodiscard]] std::uint32_t generation() const noexcept {
    return static_cast<std::uint32_t>(word_.load(std::memory_order_relaxed) >>
                                      generation_shift);  // by its owner
  }

  [[nodiscard]] claimed claim(std::uint32_t generation, direction way) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if (!is_open(word, generation)) return claimed::gone;
      const std::uint64_t before = state(word, way);
      if (before == trying || before == waiting) return claimed::busy;
      // Acquire pairs with open(), and with the release() of the operation before.
      if (exchange(word, with_state(word, way, trying))) {
        return before == ready ? claimed::may_try : claimed::must_wait;
      }
    }
  }

  // The holder of `way` has found nothing to be had, and has written down who waits. `waiting`: it holds no
  // longer.
  [[nodiscard]] published publish(direction way) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if ((word & closed) != 0) return published::closed;
      if ((word & put(way, again)) != 0) {
        // Acquire pairs with kick(): the stop that was asked for is seen from here on.
        if (exchange(word, word & ~put(way, again))) return published::try_again;
      } else if (exchange(word, with_state(word, way, waiting))) {  // release: the waiting operation
        return published::waiting;
      }
    }
  }

  // The holder of `way` is done. `is_drained`: the next operation need not try before it waits. True: it was
  // the last of a closed descriptor.
  [[nodiscard]] bool release(direction way, bool is_drained) noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);  // the exchange orders
    for (;;) {
      const bool is_none = is_drained && (word & put(way, again)) == 0 &&
                           (way == direction::write || (word & always_try) == 0);
      const std::uint64_t after = with_state(word, way, is_none ? none : ready);
      if (exchange(word, after)) return is_last(after);
    }
  }

  // An event has come. The caller hands out the operations that it took.
  [[nodiscard]] taken_directions notify(std::uint32_t generation, readiness_event what) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      taken_directions taken;
      if (!is_open(word, generation)) return taken;
      std::uint64_t after = what.always_try ? word | always_try : word;
      if (what.may_read) taken.read = poke(after, direction::read);
      if (what.may_write) taken.write = poke(after, direction::write);
      // Acquire pairs with publish(): the waiting operation.
      if (after == word || exchange(word, after)) return taken;
    }
  }

  // Whoever waits or tries in `way` is to look again, as a stop was asked for. True: it was waiting; the
  // caller now holds the direction and hands the operation out, whichever it is. Harmless when it meets a
  // stranger.
  [[nodiscard]] bool kick(std::uint32_t generation, direction way) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if (!is_open(word, generation)) return false;
      const std::uint64_t before = state(word, way);
      if (before == none || before == ready) return false;
      std::uint64_t after = word;
      const bool was_waiting = poke(after, way);
      // Exchanged even when nothing changes: the release is what publish() acquires.
      if (exchange(word, after)) return was_waiting;
    }
  }

  // False: it was closed before. Otherwise the caller holds a pin, and completes the operations in
  // `waiting_in`.
  [[nodiscard]] bool close_and_pin(std::uint32_t generation, taken_directions& waiting_in) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if (!is_open(word, generation)) return false;
      waiting_in.read = state(word, direction::read) == waiting;
      waiting_in.write = state(word, direction::write) == waiting;
      std::uint64_t after = (word | closed) + one_pin;
      if (waiting_in.read) after = with_state(after, direction::read, none);
      if (waiting_in.write) after = with_state(after, direction::write, none);
      if (exchange(word, after)) return true;  // acquire pairs with publish()
    }
  }

  // For system calls that belong to no direction. False: it is closed.
  [[nodiscard]] bool pin(std::uint32_t generation) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      if (!is_open(word, generation)) return false;
      WEFT_DCHECK((word & pins) != pins, "too many system calls at once on one descriptor");
      if (exchange(word, word + one_pin)) return true;
    }
  }

  // True: it was the last of a closed descriptor.
  [[nodiscard]] bool unpin() noexcept {
    // Release: the system call is over. Acquire: so are all others', if we are the last.
    return is_last(word_.fetch_sub(one_pin, std::memory_order_acq_rel) - one_pin);
  }

  // For reports: operations that wait for an event. A hint.
  [[nodiscard]] unsigned waiting_operations() const noexcept {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    return (state(word, direction::read) == waiting ? 1u : 0u) +
           (state(word, direction::write) == waiting ? 1u : 0u);
  }

  // A hint, unless asked by who holds a direction or a pin.
  [[nodiscard]] bool is_closed() const noexcept {
    return (word_.load(std::memory_order_acquire) & closed) != 0;
  }

 private:
  static constexpr std::uint64_t none = 0, ready = 1, trying = 2, waiting = 3, state_mask = 3, again = 4;
  static constexpr unsigned direction_bits = 3;
  static constexpr std::uint64_t always_try = 1u << 6, closed = 1u << 7;
  static constexpr std::uint64_t one_pin = 1u << 8, pins = 0xffffull << 8;
  static constexpr unsigned generation_shift = 32;

  static constexpr unsigned shift(direction way) noexcept {
    return way == direction::read ? 0 : direction_bits;
  }
  static constexpr std::uint64_t put(direction way, std::uint64_t bits) noexcept {
    return bits << shift(way);
  }
  static constexpr std::uint64_t to_generation(std::uint32_t generation) noexcept {
    return std::uint64_t{generation} << generation_shift;
  }
  static constexpr bool is_open(std::uint64_t word, std::uint32_t generation) noexcept {
    return word >> generation_shift == generation && (word & closed) == 0;
  }
  static constexpr std::uint64_t state(std::uint64_t word, direction way) noexcept {
    return (word >> shift(way)) & state_mask;
  }
  // Clears `again` too.
  static constexpr std::uint64_t with_state(std::uint64_t word, direction way, std::uint64_t to) noexcept {
    return (word & ~put(way, state_mask | again)) | put(way, to);
  }
  static constexpr bool is_last(std::uint64_t word) noexcept {
    return (word & closed) != 0 && (word & pins) == 0 && state(word, direction::read) != trying &&
           state(word, direction::write) != trying;
  }
  // What an event does to one direction. True: an operation was waiting.
  static constexpr bool poke(std::uint64_t& word, direction way) noexcept {
    switch (state(word, way)) {
      case none:
        word = with_state(word, way, ready);
        return false;
      case trying:
        word |= put(way, again);
        return false;
      case waiting:
        word = with_state(word, way, trying);
        return true;
      default:
        return false;
    }
  }
  bool exchange(std::uint64_t& word, std::uint64_t after) noexcept {
    if (WEFT_CHAOS(failed_cas)) return false;
    WEFT_CHAOS(yield);
    return word_.compare_exchange_weak(word, after, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  // Written by whoever uses, harvests or closes the descriptor; always by exchange.
  atomic<std::uint64_t> word_{0};
};

}  // namespace weft::inline WEFT_ABI::rt
