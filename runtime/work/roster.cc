#include "weft/rt/work/roster.h"

#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

bool roster::admit(member& joining) noexcept {
  joining.enrolled.self = &joining;
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  if (closed_) return false;
  members_.push_back(joining.enrolled);
  ++size_;
  return true;
}

void roster::leave(member& leaving) noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  members_.remove(leaving.enrolled);
  // Notified under the lock: the waiter may destroy the roster as soon as it can take it.
  if (--size_ == 0 && closed_) emptied_.notify_all();
}

void roster::close() noexcept {
  WEFT_CHAOS(yield);
  lock_guard<mutex> guard(lock_);
  closed_ = true;
}

void roster::close_and_stop(job_list& ready) noexcept {
  const auto held = hold();
  close_and_stop(ready, held);
}

std::unique_lock<mutex> roster::hold() noexcept {
  return std::unique_lock<mutex>(lock_);
}

void roster::close_and_stop(job_list& ready, [[maybe_unused]] const std::unique_lock<mutex>& held) noexcept {
  WEFT_DCHECK(held.mutex() == &lock_ && held.owns_lock(), "another roster is held");
  closed_ = true;
  WEFT_CHAOS(yield);
  for (member::links* each = members_.front(); each != nullptr; each = each->next) each->self->stop(ready);
}

void roster::wait_until_empty() noexcept {
  std::unique_lock<mutex> guard(lock_);
  emptied_.wait(guard, [this] { return size_ == 0; });
}

std::size_t roster::size() const noexcept {
  lock_guard<mutex> guard(lock_);
  return size_;
}

}  // namespace weft::inline WEFT_ABI::rt
