// SPDX-License-Identifier: Apache-2.0
#include "serving_signals.h"

namespace serving {

stop_signals::stop_signals() : waiting_(::pthread_self()) {
  sigemptyset(&awaited_);
  sigaddset(&awaited_, SIGINT);
  sigaddset(&awaited_, SIGTERM);
  sigaddset(&awaited_, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &awaited_, nullptr);
}

stop_signals::woken stop_signals::wait() {
  for (;;) {
    int received = 0;
    if (sigwait(&awaited_, &received) != 0) continue;
    if (received != SIGUSR1) return woken::by_signal;
    if (is_notified_.exchange(false, std::memory_order_acquire)) return woken::by_notify;
  }
}

void stop_signals::notify() noexcept {
  is_notified_.store(true, std::memory_order_release);
  ::pthread_kill(waiting_, SIGUSR1);
}

}  // namespace serving
