#include "weft/rt/work/roster.h"

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

void roster::close() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<spin_lock> guard(lock_);
  closed_ = true;
}

void roster::close_and_stop(job_list& ready) noexcept {
  const auto held = hold();
  close_and_stop(ready, held);
}

std::unique_lock<spin_lock> roster::hold() noexcept {
  return std::unique_lock<spin_lock>(lock_);
}

void roster::close_and_stop(job_list& ready,
                            [[maybe_unused]] const std::unique_lock<spin_lock>& held) noexcept {
  WEFT_DCHECK(held.mutex() == &lock_ && held.owns_lock(), "another roster is held");
  closed_ = true;
  WEFT_CHAOS(yield);
  for (enrolment* each = members_.front(); each != nullptr; each = each->next) member_of(*each).stop(ready);
}

std::size_t roster::size() const noexcept {
  lock_guard<spin_lock> guard(lock_);
  return size_;
}

void last_leave::tell() noexcept {
  WEFT_CHAOS(late_wake);
  lock_guard<mutex> guard(lock_);
  told_.notify_all();
}

void last_leave::wait_for(const roster& closed) noexcept {
  std::unique_lock<mutex> guard(lock_);
  told_.wait(guard, [&closed] { return closed.size() == 0; });
}

}  // namespace weft::inline WEFT_ABI::rt
