// The shared words of an execution and their histories: what a load may read.
//
// A word keeps all its stores. Modification order is the order of execution. A load may read any store that is
// not older than what its thread knows of (coherence, and what an acquire has brought: view.h). A
// read-modify-write reads the newest one, and passes on what it carried (release sequences).
//
// Sequentially consistent accesses have one total order besides: that of execution, but such a load may take an
// earlier place in it, and read accordingly, if its thread has not been further in that order, by an access of its own
// or by what it has acquired. (So a relaxed load in front of a consistent one may come after it, as on ARM.)
//
// What hardware can do and this cannot: two threads' stores to two words, each before the other's in the other
// word's order (2+2W), and a relaxed or release-acquire load that reads a store which is executed later (load
// buffering). What this can do and x86 cannot: all else that C++20 allows, a stale read by a failed
// compare-exchange included.
//
// A destroyed word is remembered as such, and its destruction must come after all accesses (happens-before), in
// whatever order they were executed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "weft/model/view.h"

namespace weft::inline WEFT_ABI::model {

class explorer;

// What stands in an rt::atomic: which word of the execution it is.
struct word_id {
  static constexpr std::uint32_t outside = 0x0a70ff00, alive = 0x0a70ff01, dead = 0x0a70ff02;
  std::uint32_t state = outside;
  std::uint32_t index = 0;
};

class memory {
 public:
  using place = std::source_location;
  using order = std::memory_order;

  explicit memory(explorer& of) noexcept : of_(of) {}

  void restart() noexcept;
  // How many stores there were, locks and signals included: who spins waits for the next one.
  [[nodiscard]] std::uint64_t writes() const noexcept { return writes_; }
  void count_write() noexcept { ++writes_; }
  // True: the running thread did not know the newest store of each word; now it does.
  bool catch_up() noexcept;

  [[nodiscard]] word_id create(std::uint64_t value, const place& at);
  void destroy(word_id& id, const place& at);

  [[nodiscard]] std::uint64_t load(const word_id& id, order how, const place& at);
  void store(const word_id& id, std::uint64_t value, order how, const place& at);

  // A read-modify-write in two halves: begin() returns the newest value, end() writes.
  [[nodiscard]] std::uint64_t begin_exchange(const word_id& id, order how, const place& at);
  void end_exchange(const word_id& id, std::uint64_t value, order how, const char* what, const place& at);
  // False: it failed, and `expected` is what was read.
  [[nodiscard]] bool compare_exchange(const word_id& id, std::uint64_t& expected, std::uint64_t desired,
                                      order how, order on_failure, bool may_fail_spuriously, const place& at);

  // Weakens the order of one place in the source: for finding out which orders any model needs.
  struct site {
    const char* file;
    std::uint32_t line;
    std::uint32_t column;
    const char* operation;
    order how;
    friend bool operator==(const site&, const site&) noexcept = default;
  };
  void weaken(const site* which, order to) noexcept {
    weakened_ = which;
    weakened_to_ = to;
  }
  // Every place that was passed with an order that is not relaxed, if asked for.
  void collect_sites(std::vector<site>* into) noexcept { sites_ = into; }

 private:
  struct stored {
    std::uint64_t value;
    view brings;
  };
  // From this time on in the total order, consistent loads read at least this store.
  struct floor {
    std::uint16_t time;
    std::uint16_t store;
  };
  struct word {
    std::vector<stored> history;
    std::array<std::uint16_t, most_threads> accessed{};  // each thread's clock at its last access
    std::vector<floor> floors;                           // what consistent accesses have seen, rising
    bool is_alive = false;
  };

  word& find(const word_id& id, const char* operation, const place& at);
  [[nodiscard]] order actual(order how, const char* operation, const place& at);
  std::size_t choose_store(const word& of, bool is_consistent);
  void take_consistent_place(word& of, std::size_t which, bool is_write);
  void read(word& of, std::uint32_t index, std::size_t which, order how);
  void write(word& of, std::uint32_t index, std::uint64_t value, order how, const view* passed_on);
  void note(const char* what, const word_id& id, std::uint64_t value, order how, std::size_t age,
            const place& at);

  explorer& of_;
  std::array<word, most_words> words_;
  std::size_t count_ = 0;
  std::uint64_t writes_ = 0;
  std::uint16_t time_ = 0;  // in the total order
  const site* weakened_ = nullptr;
  order weakened_to_ = order::relaxed;
  std::vector<site>* sites_ = nullptr;
};

}  // namespace weft::inline WEFT_ABI::model
