// Coroutines of one frame that read and write through a reactor; jobs are run by hand, on the test's own
// threads.
//
// A `chain` is a scope whose root is a `task`; it counts how it ended. Tests derive from `reactor_test`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/rt/os/fd.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/reactor.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"
#include "weft/rt/work/turn.h"

namespace weft::inline WEFT_ABI::rt {

inline turn& my_turn() noexcept {
  thread_local turn now;
  return now;
}

// Runs what is ready, and what that leaves behind.
inline void run_all(job_list& ready) noexcept {
  turn& now = my_turn();
  for (;;) {
    ready.splice(now.later);
    job* next = ready.pop_front();
    if (next == nullptr) return;
    now.run(*next);
  }
}

// A coroutine of one frame, the root of a `chain`.
struct task {
  struct promise_type : frame {
    promise_type() noexcept : frame(std::source_location::current()) {}
    task get_return_object() noexcept { return {this}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct last {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept {
          return leave(done.promise(), my_turn());
        }
        void await_resume() noexcept {}
      };
      return last{};
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  promise_type* root;
};

struct chain : scope {
  explicit chain(task body, reactor* to_wake = nullptr) noexcept : waker(to_wake) {
    begin(*body.root, nowhere, nullptr, &on_end);
  }
  static std::coroutine_handle<> on_end(scope& ended, turn&, ending how) noexcept {
    auto& self = static_cast<chain&>(ended);
    if (how == ending::finished) self.root->handle().destroy();
    reactor* to_wake = self.waker;
    (how == ending::finished ? self.finished : self.stopped).fetch_add(1, std::memory_order_release);
    if (to_wake != nullptr) to_wake->wake();
    return std::noop_coroutine();
  }
  [[nodiscard]] bool has_ended() const noexcept {
    return finished.load(std::memory_order_acquire) + stopped.load(std::memory_order_acquire) != 0;
  }

  static inline const context nowhere{};
  reactor* waker;
  std::atomic<int> finished{0};
  std::atomic<int> stopped{0};
};

struct do_io : io_op {
  using io_op::io_op;
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<task::promise_type> self) noexcept {
    waiter = &self.promise().home();
    leaf = &self.promise();
    switch (on.home->start(*this)) {
      case start_result::done:
        return false;
      case start_result::stopped:
        my_turn().later.push_back(waiter->to_unwind(*leaf));
        return true;
      case start_result::pending:
        break;
    }
    return true;  // `this` may be gone
  }
  std::int64_t await_resume() noexcept { return result; }
};

inline do_io recv_some(descriptor from, void* into, std::size_t size) {
  do_io op(io_kind::recv, from, into, size);
  op.short_means_drained = true;
  return op;
}
inline do_io send_some(descriptor to, const void* bytes, std::size_t size) {
  return {io_kind::send, to, const_cast<void*>(bytes), size};
}

inline task read_once(descriptor from, std::int64_t& result, char* into, std::size_t size) {
  result = co_await recv_some(from, into, size);
}
inline task read_to_end(descriptor from, std::string& all, std::int64_t& last, std::size_t piece) {
  std::vector<char> buffer(piece);
  while ((last = co_await recv_some(from, buffer.data(), buffer.size())) > 0) {
    all.append(buffer.data(), static_cast<std::size_t>(last));
  }
}
inline task write_all(descriptor to, std::string_view all, std::int64_t& last) {
  while (!all.empty()) {
    last = co_await send_some(to, all.data(), all.size());
    if (last < 0) co_return;
    all.remove_prefix(static_cast<std::size_t>(last));
  }
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

struct reactor_test : testing::Test {
  reactor_test() {
    std::unique_ptr<backend> io;
    EXPECT_FALSE(make_backend(backend_kind::system_default, io));
    r = std::make_unique<reactor>(std::move(io));
  }
  ~reactor_test() override { EXPECT_EQ(r->io().open_descriptors(), 0u) << "a descriptor leaked"; }

  descriptor add(os::fd file) {
    descriptor added;
    EXPECT_FALSE(r->io().add(std::move(file), added));
    return added;
  }
  std::pair<descriptor, os::fd> pair() {
    os::fd_pair ends = os::pair().value();
    return {add(std::move(ends.first)), std::move(ends.second)};
  }
  void run(chain& started) {
    job_list ready;
    ready.push_back(started);
    run_all(ready);
  }
  void close(descriptor closing) {
    job_list ready;
    r->io().close(closing, ready);
    run_all(ready);
  }
  void stop(scope& stopping) {
    job_list ready;
    stopping.stop(ready);
    run_all(ready);
  }
  // Waits without a limit: a lost event hangs, and the test's own time limit reports it.
  void run_until_ended(chain& waiting) {
    ASSERT_TRUE(r->try_sit());
    while (!waiting.has_ended()) {
      job_list ready;
      r->wait(-1, ready);
      run_all(ready);
    }
    r->stand_up();
  }
  void harvest_all() {
    job_list ready;
    while (r->poll(ready)) run_all(ready);
  }

  std::unique_ptr<reactor> r;
  char buffer[16] = {};
  std::int64_t result = 12345;
};

}  // namespace weft::inline WEFT_ABI::rt
