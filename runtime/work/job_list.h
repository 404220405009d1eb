// Jobs in a row: what a lower floor hands back for the scheduler to run.
//
// First in, first out; push and splice are O(1). Not thread-safe. Dropping a list that is not empty loses
// work, so the destructor checks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "weft/rt/base/check.h"
#include "weft/rt/work/job.h"

namespace weft::inline WEFT_ABI::rt {

class job_list {
 public:
  constexpr job_list() noexcept = default;
  job_list(job_list&& other) noexcept { splice(other); }
  job_list& operator=(job_list&&) = delete;
  ~job_list() {
    WEFT_DCHECK(first_ == nullptr, "a list of ready jobs was dropped: their tasks never resume");
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(job& ready) noexcept {
    ready.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &ready;
    last_ = &ready;
    ++size_;
  }

  // Null when empty.
  job* pop_front() noexcept {
    job* ready = first_;
    if (ready == nullptr) return nullptr;
    first_ = ready->next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    ready->next = nullptr;
    return ready;
  }

  // Moves all of `other` behind our own.
  void splice(job_list& other) noexcept {
    if (other.first_ == nullptr) return;
    (last_ != nullptr ? last_->next : first_) = other.first_;
    last_ = other.last_;
    size_ += other.size_;
    other.first_ = other.last_ = nullptr;
    other.size_ = 0;
  }

 private:
  job* first_ = nullptr;
  job* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt
