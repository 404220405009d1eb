// Waiting for SIGINT and SIGTERM in the main thread, or for word from another.
//
//     serving::stop_signals signals;     // first of all in main: threads inherit the mask
//     weft::runtime rt;
//     signals.wait();                    // Ctrl-C, a service manager, or notify()
//
// The signals are blocked, and taken by sigwait. No handler is installed and no disposition is changed, so
// nothing runs at a bad moment, and what the process is part of is not disturbed. They stay blocked.
// notify() sends the waiting thread SIGUSR1, which is blocked as well and means nothing from outside.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>
#include <signal.h>

#include <atomic>

namespace serving {

class stop_signals {
 public:
  enum class woken { by_signal, by_notify };

  // By the thread that will wait, before it starts others.
  stop_signals();

  [[nodiscard]] woken wait();
  // From any thread, while the one that waits is alive.
  void notify() noexcept;

 private:
  sigset_t awaited_;
  pthread_t waiting_;
  std::atomic<bool> is_notified_{false};  // publishes what the notifier did before
};

}  // namespace serving
