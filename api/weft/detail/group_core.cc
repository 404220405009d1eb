#include "weft/detail/group_core.h"

#include <utility>

#include "weft/rt/base/check.h"
#include "weft/rt/scheduler/current.h"
#include "weft/task_group.h"

namespace weft::inline WEFT_ABI::detail {

bool group_core::admit(rt::roster::member& child) noexcept {
  // Only while somebody is in: zero is final.
  std::size_t present = participants_.load(std::memory_order_relaxed);
  do {
    if (present == 0) return false;
  } while (!participants_.compare_exchange_weak(present, present + 1, std::memory_order_acq_rel,
                                                std::memory_order_relaxed));
  if (children_.admit(child)) return true;
  note_cut_short();
  // We may be the last one by now: a plain group's owner can have given up its token meanwhile.
  const std::coroutine_handle<> next = arrive(rt::this_turn());
  WEFT_CHECK(!next, "with_task_group's group is used from outside while neither its body nor a child runs");
  return false;
}

void group_core::fail(std::exception_ptr error, const std::source_location& where) noexcept {
  {
    const rt::lock_guard<rt::mutex> guard(failures_lock_);
    failures_.push_back({std::move(error), where});
  }
  request_stop();
}

void group_core::throw_failures() const {
  if (failures_.size() == 1) std::rethrow_exception(failures_.front().error);
  std::vector<child_error> errors;
  for (const group_failure& each : failures_) errors.push_back({each.error, each.where});
  WEFT_THROW(error_group(std::move(errors)));
}

}  // namespace weft::inline WEFT_ABI::detail
