// The room that calls the kernel: descriptors, sleeping, readiness, threads. Sockets, time and the number of
// CPUs have files of their own, beside this one.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "weft/rt/os/clock.h"
#include "weft/rt/os/error.h"
#include "weft/rt/os/fd.h"
#include "weft/rt/os/poll.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/os/thread.h"
#include "weft/rt/os/wake_fd.h"

namespace {

namespace os = weft::rt::os;
using namespace std::chrono_literals;

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

template <class Claim>
bool becomes_true(Claim claim) {
  const os::time_point deadline = os::deadline_after(30s);
  while (!claim()) {
    if (os::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// The process has no descriptor to give while this lives.
class no_descriptors_left {
 public:
  no_descriptors_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~no_descriptors_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// The kernel answers `error_number` to these system calls from now on. For children that exit.
bool refuse(std::initializer_list<long> calls, int error_number) {
  for (const long call : calls) {
    std::array<sock_filter, 4> filter{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error_number)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return false;
  }
  return true;
}

// SIGUSR1 has a handler while this lives. No SA_RESTART: system calls are to be interrupted.
class handling_signals {
 public:
  handling_signals() {
    struct sigaction handling{};
    handling.sa_handler = [](int) {};
    ::sigaction(SIGUSR1, &handling, &before_);
  }
  ~handling_signals() { ::sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_{};
};

TEST(os_error, an_error_number_becomes_a_portable_condition) {
  errno = ENOENT;
  EXPECT_EQ(os::last_error(), std::errc::no_such_file_or_directory);
  EXPECT_TRUE(os::io_result::failed(EAGAIN).would_block());
  EXPECT_FALSE(os::io_result::failed(EPIPE).would_block());
  EXPECT_EQ(os::io_result::failed(EPIPE).error(), std::errc::broken_pipe);
  EXPECT_EQ(os::io_result::failed(EPIPE).count(), 0u);
  EXPECT_FALSE(os::io_result{3}.error());
  EXPECT_EQ(os::io_result{3}.count(), 3u);
}

TEST(os_error, an_interrupted_call_is_made_again) {
  int calls = 0;
  const os::io_result answer = os::uninterrupted([&] {
    errno = EINTR;
    return ++calls < 5 ? -1 : 7;
  });
  EXPECT_EQ(answer.value, 7);
  EXPECT_EQ(calls, 5);
}

TEST(os_fd, a_descriptor_is_closed_by_its_last_owner_only) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  os::fd writer(ends[1]);
  {
    os::fd first(ends[0]);
    os::fd second(std::move(first));
    EXPECT_FALSE(first);  // NOLINT: a moved-from fd owns nothing
    EXPECT_EQ(second.get(), ends[0]);
    first = std::move(second);
    EXPECT_TRUE(is_open(ends[0]));
  }
  EXPECT_FALSE(is_open(ends[0]));
  const int released = writer.release();
  writer.reset();
  EXPECT_TRUE(is_open(released));
  writer.reset(released);
  writer.reset();
  EXPECT_FALSE(is_open(released));
}

[[noreturn]] void close_where_it_fails() {
  const bool is_refused = refuse({SYS_close}, EIO);
  errno = ERANGE;
  os::fd(STDIN_FILENO).reset();
  ::_exit(is_refused && errno == ERANGE ? 0 : 1);
}

TEST(os_fd_death, closing_keeps_errno) {
  EXPECT_EXIT(close_where_it_fails(), testing::ExitedWithCode(0), "");
}

TEST(os_wake_fd, any_number_of_signals_is_one_wake_up) {
  os::result<os::wake_fd> made = os::wake_fd::create();
  ASSERT_FALSE(made.is_error());
  const os::wake_fd wake = std::move(made).value();
  const os::result<os::fd> epoll = os::epoll_create();
  std::array<epoll_event, 4> events{};
  ASSERT_FALSE(os::epoll_add(epoll.value().get(), wake.get(), EPOLLIN, 42));
  EXPECT_EQ(os::epoll_wait(epoll.value().get(), events, 0).value, 0);
  EXPECT_FALSE(wake.drain());
  for (int i = 0; i < 3; ++i) wake.signal();
  EXPECT_EQ(os::epoll_wait(epoll.value().get(), events, os::no_timeout).value, 1);
  EXPECT_EQ(os::token_of(events[0]), 42u);
  EXPECT_TRUE(wake.drain());
  EXPECT_FALSE(wake.drain());
  EXPECT_EQ(os::epoll_wait(epoll.value().get(), events, 0).value, 0);
}

TEST(os_wake_fd, a_full_counter_is_a_signal_like_any_other) {
  const os::wake_fd wake = os::wake_fd::create().value();
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - 1;
  ASSERT_EQ(::write(wake.get(), &most, sizeof most), 8);
  wake.signal();
  EXPECT_TRUE(wake.drain());
}

TEST(os_limits, without_descriptors_creation_fails_with_an_error) {
  const no_descriptors_left limit;
  EXPECT_EQ(os::epoll_create().error(), std::errc::too_many_files_open);
  EXPECT_EQ(os::wake_fd::create().error(), std::errc::too_many_files_open);
  EXPECT_EQ(os::open_stream(os::address_family::v4).error(), std::errc::too_many_files_open);
  EXPECT_EQ(os::pair().error(), std::errc::too_many_files_open);
}

TEST(os_poll, wrong_registrations_fail_alone) {
  const os::result<os::fd> epoll = os::epoll_create();
  const os::wake_fd wake = os::wake_fd::create().value();
  const int descriptor = epoll.value().get();
  EXPECT_EQ(os::epoll_mod(descriptor, wake.get(), EPOLLIN, 1), std::errc::no_such_file_or_directory);
  EXPECT_FALSE(os::epoll_add(descriptor, wake.get(), EPOLLIN, 1));
  EXPECT_EQ(os::epoll_add(descriptor, wake.get(), EPOLLIN, 2), std::errc::file_exists);
  EXPECT_FALSE(os::epoll_mod(descriptor, wake.get(), EPOLLIN, 3));
  wake.signal();
  std::array<epoll_event, 1> events{};
  EXPECT_EQ(os::epoll_wait(descriptor, events, 0).value, 1);
  EXPECT_EQ(os::token_of(events[0]), 3u);
  EXPECT_FALSE(os::epoll_del(descriptor, wake.get()));
  EXPECT_EQ(os::epoll_wait(descriptor, events, 0).value, 0);
  EXPECT_EQ(os::epoll_wait(-1, events, 0).error(), std::errc::bad_file_descriptor);
}

TEST(os_poll, a_timeout_below_a_millisecond_is_kept_and_not_early) {
  const os::result<os::fd> epoll = os::epoll_create();
  std::array<epoll_event, 1> events{};
  const os::time_point deadline = os::deadline_after(300us);
  EXPECT_EQ(os::epoll_wait(epoll.value().get(), events, 300'000).value, 0);
  EXPECT_GE(os::now(), deadline);
}

TEST(os_poll, milliseconds_are_rounded_up_and_bounded) {
  EXPECT_EQ(os::timeout_in_ms(os::no_timeout), -1);
  EXPECT_EQ(os::timeout_in_ms(0), 0);
  EXPECT_EQ(os::timeout_in_ms(1), 1);
  EXPECT_EQ(os::timeout_in_ms(1'000'000), 1);
  EXPECT_EQ(os::timeout_in_ms(1'000'001), 2);
  EXPECT_EQ(os::timeout_in_ms(std::numeric_limits<std::int64_t>::max()), std::numeric_limits<int>::max());
}

TEST(os_poll, a_signal_returns_no_events_and_no_error) {
  const handling_signals handling;
  const os::result<os::fd> epoll = os::epoll_create();
  for (const std::int64_t timeout_ns : {os::no_timeout, std::int64_t{3'600'000'000'000}}) {
    std::atomic<pthread_t> id{};
    std::atomic<bool> has_returned{false};
    os::io_result answer{-1};
    os::thread waiter;
    ASSERT_FALSE(waiter.start("waiter", [&] {
      std::array<epoll_event, 1> events{};
      id.store(::pthread_self());
      answer = os::epoll_wait(epoll.value().get(), events, timeout_ns);
      has_returned.store(true);
    }));
    ASSERT_TRUE(becomes_true([&] { return id.load() != pthread_t{}; }));
    ASSERT_TRUE(becomes_true([&] {
      ::pthread_kill(id.load(), SIGUSR1);
      return has_returned.load();
    }));
    waiter.join();
    EXPECT_EQ(answer.value, 0);
  }
}

// Exits with zero if two short waits end in time where the kernel answers so to epoll_pwait2.
[[noreturn]] void wait_without_pwait2(int error_number) {
  const os::result<os::fd> epoll = os::epoll_create();
  std::array<epoll_event, 1> events{};
  bool is_right = refuse({SYS_epoll_pwait2}, error_number);
  for (int i = 0; i < 2; ++i) {
    const os::time_point deadline = os::deadline_after(300us);
    is_right = is_right && os::epoll_wait(epoll.value().get(), events, 300'000).value == 0;
    is_right = is_right && os::now() >= deadline;
  }
  ::_exit(is_right ? 0 : 1);
}

TEST(os_poll_death, a_kernel_that_refuses_pwait2_is_asked_in_milliseconds) {
  for (const int error_number : {EPERM, ENOSYS}) {
    EXPECT_EXIT(wait_without_pwait2(error_number), testing::ExitedWithCode(0), "");
  }
}

TEST(os_thread, a_thread_has_its_name_cut_to_what_the_kernel_keeps) {
  std::array<char, 32> name{};
  os::thread thread;
  ASSERT_FALSE(thread.start("weft-worker-number-12",
                            [&] { ::pthread_getname_np(::pthread_self(), name.data(), name.size()); }));
  EXPECT_TRUE(thread.is_started());
  thread.join();
  EXPECT_FALSE(thread.is_started());
  EXPECT_STREQ(name.data(), "weft-worker-num");
}

TEST(os_thread, captures_are_destroyed_when_join_returns) {
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = held;
  os::thread thread;
  ASSERT_FALSE(thread.start("holder", [held = std::move(held)] { EXPECT_EQ(*held, 7); }));
  thread.join();
  EXPECT_TRUE(watched.expired());
}

TEST(os_thread, block_all_leaves_faults_and_the_profiler_open_and_the_caller_unchanged) {
  sigset_t before, inside, inherited, after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  os::thread thread;
  ASSERT_FALSE(thread.start(
      "deaf", [&] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inside); }, os::signal_mask::block_all));
  thread.join();
  ASSERT_FALSE(thread.start("hearing", [&] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inherited); }));
  thread.join();
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int blocked : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGPIPE}) {
    EXPECT_EQ(::sigismember(&inside, blocked), 1);
  }
  for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF})
    EXPECT_EQ(::sigismember(&inside, open), 0);
  for (const int any : {SIGINT, SIGTERM, SIGSEGV, SIGUSR1}) {
    EXPECT_EQ(::sigismember(&inherited, any), ::sigismember(&before, any));
    EXPECT_EQ(::sigismember(&after, any), ::sigismember(&before, any));
  }
}

TEST(os_thread_death, a_system_without_threads_is_an_error_and_the_function_is_dropped) {
  EXPECT_EXIT(
      {
        auto held = std::make_shared<int>(7);
        const std::weak_ptr<int> watched = held;
        bool is_right = refuse({SYS_clone, SYS_clone3}, EAGAIN);
        os::thread thread;
        const std::error_code error = thread.start("none", [held = std::move(held)] { ::_exit(2); });
        is_right = is_right && error == std::errc::resource_unavailable_try_again;
        is_right = is_right && watched.expired() && !thread.is_started();
        ::_exit(is_right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(os_thread_death, a_thread_that_was_not_joined_ends_the_process_with_the_rule) {
  EXPECT_DEATH(
      {
        os::thread thread;
        static_cast<void>(thread.start("lost", [] {}));
      },
      "a thread is joined before its object dies");
}

}  // namespace
