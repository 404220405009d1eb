#include "weft/rt/offload/call.h"

#include "weft/rt/base/chaos.h"
#include "weft/rt/offload/call_queue.h"

namespace weft::inline WEFT_ABI::rt {

cancel_outcome call::cancel_call(leaf_op& op, job_list&) noexcept {
  auto& stopped = static_cast<call&>(op);
  auto created = progress::created;
  WEFT_CHAOS(yield);
  // Failure: acquire pairs with claim(): `queue`. Success hands nothing over, finish() and left() do that; it
  // is acquire because GCC 12 wants it no weaker than the failure.
  if (stopped.state.compare_exchange_strong(created, progress::abandoned, std::memory_order_acquire,
                                            std::memory_order_acquire)) {
    return cancel_outcome::completing;
  }
  WEFT_CHAOS(yield);
  // SAFETY: the chain is not resumed before we have said what we found (scope::left), so the call lives, and
  // its pool with it: a pool outlives the tasks that wait for it.
  lock_guard<mutex> guard(stopped.queue->lock);
  return stopped.queue->unlink(stopped) ? cancel_outcome::taken : cancel_outcome::completing;
}

void call::describe_call(const leaf_op& op, std::int64_t, std::string& text) {
  const auto& described = static_cast<const call&>(op);
  // Acquire pairs with claim(): `queue`.
  if (described.state.load(std::memory_order_acquire) != progress::started) return;
  lock_guard<mutex> guard(described.queue->lock);
  text += intrusive_list<call>::is_linked(described) ? ", queued" : ", on a thread";
}

}  // namespace weft::inline WEFT_ABI::rt
