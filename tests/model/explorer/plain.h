// Plain data that threads hand each other: each access is checked against those of the others.
//
// Two accesses, one of them a write, must be ordered (happens-before), whatever the order in which this execution
// had them. Its destruction is a write. tests/model/*.mutants puts it around fields of the real sources (`watch`), and
// models use it for what an item carries.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

#include "weft/model/explorer.h"

namespace weft::inline WEFT_ABI::model {

template <class T>
class plain {
  using place = std::source_location;

 public:
  plain(place at = place::current()) : plain(T(), at) {}
  plain(T value, place at = place::current()) : value_(std::move(value)), made_at_(at) { write(); }
  plain(const plain& other) : plain(other.get()) {}
  plain& operator=(const plain& other) {
    set(other.get());
    return *this;
  }
  plain& operator=(T value) {
    set(std::move(value));
    return *this;
  }
  ~plain() {
    write();
    state_ = word_id::dead;
  }

  operator T() const { return get(); }
  T operator->() const { return get(); }
  template <class Other>
  bool operator==(const Other& other) const {
    return get() == other;
  }
  plain& operator++() {
    set(get() + 1);
    return *this;
  }
  plain& operator--() {
    set(get() - 1);
    return *this;
  }
  plain& operator+=(T more) {
    set(get() + more);
    return *this;
  }

  [[nodiscard]] T get() const {
    read();
    return value_;
  }
  void set(T value) {
    write();
    value_ = std::move(value);
  }

 private:
  void read() const {
    explorer& all = explorer::get();
    if (!all.is_running()) return;
    check_alive();
    const std::size_t self = all.running();
    view& mine = all.knowledge();
    if (mine.heard[writer_] < written_) {
      all.fail("data race: a read that is not ordered after the write by T" + std::to_string(writer_) +
                   ", of the field",
               made_at_);
    }
    read_[self] = ++mine.heard[self];
  }
  void write() {
    explorer& all = explorer::get();
    if (!all.is_running()) return;
    check_alive();
    const std::size_t self = all.running();
    view& mine = all.knowledge();
    for (std::size_t i = 0; i < most_threads; ++i) {
      if (mine.heard[i] < read_[i] || (i == writer_ && mine.heard[i] < written_)) {
        all.fail("data race: a write (or destruction) that is not ordered after the access by T" +
                     std::to_string(i) + ", of the field",
                 made_at_);
      }
    }
    writer_ = static_cast<std::uint8_t>(self);
    written_ = ++mine.heard[self];
  }
  void check_alive() const {
    if (state_ != word_id::alive) explorer::get().fail("use after destruction: the field", made_at_);
  }

  T value_;
  place made_at_;
  std::uint32_t state_ = word_id::alive;
  std::uint8_t writer_ = 0;
  std::uint16_t written_ = 0;
  mutable std::array<std::uint16_t, most_threads> read_{};
};

// The same in what a std::shared_ptr owns, whose count the explorer does not see: its end is not checked.
template <class T>
union plain_in_shared {
  plain_in_shared() : value() {}
  ~plain_in_shared() {}
  plain<T> value;
};

}  // namespace weft::inline WEFT_ABI::model
