#include "weft/rt/os/thread.h"

#include <signal.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <algorithm>

namespace weft::inline WEFT_ABI::rt::os {

std::int64_t this_thread_id() noexcept {
#if defined(__linux__)
  return ::gettid();
#else
  return 0;
#endif
}

void drop_timer_slack() noexcept {
#if defined(__linux__)
  constexpr unsigned long least_ns = 1;  // zero means the default
  ::prctl(PR_SET_TIMERSLACK, least_ns);  // a thread with slack still works
#endif
}

void* thread::run_entry(void* given) noexcept {
  // SAFETY: start_entry released the entry to this thread alone.
  const std::unique_ptr<entry> mine(static_cast<entry*>(given));
#if defined(__APPLE__)
  ::pthread_setname_np(mine->name.data());
#else
  ::pthread_setname_np(::pthread_self(), mine->name.data());  // a thread without its name still works
#endif
  mine->run();
  return nullptr;
}

std::error_code thread::start_entry(std::unique_ptr<entry> made, std::string_view name,
                                    signal_mask mask) noexcept {
  WEFT_CHECK(!is_started_, "a thread is joined before it is started again");
  std::copy_n(name.begin(), std::min(name.size(), made->name.size() - 1), made->name.begin());

  // A new thread inherits the mask; were it to block for itself, a signal could come in between.
  sigset_t before;
  if (mask == signal_mask::block_all) {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) {
      ::sigdelset(&blocked, open);
    }
    // SETMASK, not BLOCK: what stays open is open whatever the caller blocks.
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  }
  const int error_number = ::pthread_create(&id_, nullptr, &run_entry, made.get());
  if (mask == signal_mask::block_all) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

  if (error_number == 0) {
    static_cast<void>(made.release());  // the thread's own by now, and perhaps destroyed
    is_started_ = true;
  }
  return to_error(error_number);
}

void thread::join() noexcept {
  WEFT_CHECK(is_started_, "a thread is started before it is joined, and joined once");
  const int error_number = ::pthread_join(id_, nullptr);
  WEFT_CHECK(error_number == 0, "a thread cannot join itself, nor two threads each other");
  is_started_ = false;
}

}  // namespace weft::inline WEFT_ABI::rt::os
