// SPDX-License-Identifier: Apache-2.0
#include "chat_outbox.h"

#include <utility>

namespace chat {

line make_line(std::string text) {
  text += '\n';
  return std::make_shared<const std::string>(std::move(text));
}

void outbox::put(const line& next) {
  static const line too_slow = make_line("* you read too slowly: goodbye");
  const std::lock_guard guard(lock_);
  if (is_closed_) return;
  if (size_ + next->size() > capacity_) {
    lines_.clear();
    close_locked(too_slow);
    return;
  }
  lines_.push_back(next);
  size_ += next->size();
  if (!std::exchange(is_signalled_, true)) has_lines_.add_permits(1);
}

void outbox::close(const line& last) {
  const std::lock_guard guard(lock_);
  if (!is_closed_) close_locked(last);
}

bool outbox::is_closed() {
  const std::lock_guard guard(lock_);
  return is_closed_;
}

void outbox::close_locked(const line& last) {
  is_closed_ = true;
  lines_.push_back(last);
  if (!std::exchange(is_signalled_, true)) has_lines_.add_permits(1);
}

weft::task<outbox::batch> outbox::take() {
  weft::semaphore_permit signal = co_await has_lines_.acquire();
  signal.forget();  // the next one comes with the next line

  const std::lock_guard guard(lock_);
  is_signalled_ = false;
  batch taken{.text = {}, .is_last = is_closed_};
  for (const line& each : lines_) taken.text += *each;
  lines_.clear();
  size_ = 0;
  co_return taken;
}

}  // namespace chat
