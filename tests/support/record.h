// What happened, in which order, and whether everything that was born has died.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace weft::test {

using lines = std::vector<std::string>;

class record {
 public:
  void note(std::string what) {
    const std::lock_guard guard(lock_);
    noted_.push_back(std::move(what));
  }
  [[nodiscard]] lines all() const {
    const std::lock_guard guard(lock_);
    return noted_;
  }

 private:
  mutable std::mutex lock_;
  lines noted_;
};

// Notes its name when it dies: a local with a destructor.
class mark {
 public:
  mark(record& in, std::string name) : in_(in), name_(std::move(name)) {}
  mark(const mark&) = delete;
  mark& operator=(const mark&) = delete;
  ~mark() { in_.note(name_); }

 private:
  record& in_;
  std::string name_;
};

// Counts objects that live, and that ever lived.
class census {
 public:
  [[nodiscard]] int living() const { return living_.load(std::memory_order_acquire); }
  [[nodiscard]] int born() const { return born_.load(std::memory_order_acquire); }

 private:
  friend class resident;
  std::atomic<int> living_{0};
  std::atomic<int> born_{0};
};

class resident {
 public:
  explicit resident(census& of) : of_(&of) { count(); }
  resident(const resident& other) : of_(other.of_) { count(); }
  resident(resident&& other) noexcept : of_(other.of_) { count(); }
  resident& operator=(const resident&) = delete;
  ~resident() { of_->living_.fetch_sub(1, std::memory_order_acq_rel); }

 private:
  void count() noexcept {
    of_->living_.fetch_add(1, std::memory_order_acq_rel);
    of_->born_.fetch_add(1, std::memory_order_acq_rel);
  }
  census* of_;
};

}  // namespace weft::test
