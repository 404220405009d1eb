#include "weft/detail/group_core.h"

#include <utility>
#include <vector>

#include "weft/error_group.h"
#include "weft/rt/base/check.h"
#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI::detail {

bool group_core::admit(rt::roster::member& child) noexcept {
  // Only while somebody is in: zero is final.
  std::size_t present = participants_.load(std::memory_order_relaxed);
  do {
    if (present == 0) return false;
  } while (!participants_.compare_exchange_weak(present, present + 1, std::memory_order_acq_rel,
                                                std::memory_order_relaxed));
  if (children_.admit(child)) return true;
  if (is_stopping_.load(std::memory_order_relaxed)) note_cut_short();  // ordered by the roster's lock
  // We may be the last one by now: a plain group's owner can have given up its token meanwhile.
  const std::coroutine_handle<> next = arrive(rt::this_turn());
  WEFT_CHECK(!next, "with_task_group's group is used from outside while neither its body nor a child runs");
  return false;
}

group_core::~group_core() {
  while (first_failure_ != nullptr) {
    group_failure& each = *std::exchange(first_failure_, first_failure_->next);
    if (each.dispose != nullptr) each.dispose(each);
  }
}

void group_core::fail(group_failure& kept) noexcept {
  {
    const rt::lock_guard<rt::mutex> guard(failures_lock_);
    (last_failure_ != nullptr ? last_failure_->next : first_failure_) = &kept;
    last_failure_ = &kept;
  }
  request_stop();
}

void group_core::describe(std::string& text) const {
  text += std::to_string(size()) + " children";
}

void group_core::visit_children(rt::leaf_kind::visit_fn visit, void* visitor) {
  children_.for_each([visit, visitor](rt::scope& child) { visit(visitor, child); });
}

void group_core::throw_failures() const {
  if (first_failure_->next == nullptr) std::rethrow_exception(first_failure_->error);
  std::vector<child_error> errors;
  for (const group_failure* each = first_failure_; each != nullptr; each = each->next) {
    errors.push_back({each->error, each->where, each->mark.name(), each->mark.where()});
  }
  WEFT_THROW(error_group(std::move(errors)));
}

}  // namespace weft::inline WEFT_ABI::detail
