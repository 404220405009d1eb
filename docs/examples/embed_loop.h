// main_loop: stands for the loop that a program has already: a window system's, a game's, an old server's.
//
// It polls descriptors, calls what other threads posted, and ticks. It knows nothing of weft, and weft
// nothing of it: post() is all that the two have in common.
//
// Thread safety: post() from any thread, and it never waits. Everything else, and every call that was posted,
// happens on the thread that runs the loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace embed {

class main_loop {
 public:
  explicit main_loop(std::chrono::milliseconds tick)
      : wakeup_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
        clock_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")) {
    const timespec every{.tv_sec = tick.count() / 1000, .tv_nsec = tick.count() % 1000 * 1'000'000};
    const itimerspec schedule{.it_interval = every, .it_value = every};
    checked(::timerfd_settime(clock_, 0, &schedule, nullptr), "timerfd_settime");
  }
  main_loop(const main_loop&) = delete;
  main_loop& operator=(const main_loop&) = delete;
  ~main_loop() {
    ::close(wakeup_);
    ::close(clock_);
  }

  void post(std::function<void()> call) {
    const std::lock_guard guard(lock_);
    posted_.push_back(std::move(call));
    const std::uint64_t one = 1;
    // Under the lock, so that whoever has seen the call may destroy the loop. A full counter wakes as well.
    static_cast<void>(!::write(wakeup_, &one, sizeof one));
  }

  // Until quit().
  void run(const std::function<void()>& on_tick) {
    pollfd watched[] = {{.fd = wakeup_, .events = POLLIN, .revents = 0},
                        {.fd = clock_, .events = POLLIN, .revents = 0}};
    while (!has_quit_) {
      if (::poll(watched, 2, -1) < 0 && errno != EINTR) checked(-1, "poll");
      if (take_count(clock_) > 0) on_tick();
      if (take_count(wakeup_) > 0) call_posted();
    }
  }
  void quit() { has_quit_ = true; }

 private:
  static int checked(int answer, const char* what) {
    if (answer < 0) throw std::system_error(errno, std::generic_category(), what);
    return answer;
  }
  static std::uint64_t take_count(int from) {
    std::uint64_t count = 0;
    return ::read(from, &count, sizeof count) == sizeof count ? count : 0;
  }

  void call_posted() {
    std::vector<std::function<void()>> calls;
    {
      const std::lock_guard guard(lock_);
      calls.swap(posted_);
    }
    for (const std::function<void()>& call : calls) call();
  }

  const int wakeup_;
  const int clock_;
  bool has_quit_ = false;
  std::mutex lock_;
  std::vector<std::function<void()>> posted_;  // guarded by lock_
};

}  // namespace embed
