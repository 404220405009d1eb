// readiness_backend: a read, an event, a stop and a close at once. The reader goes on or is unwound, once; no edge is
// lost; nothing is touched that is gone; the descriptor is closed once, after the last call on it.
//
// Real coroutines, scopes, control words and operations, on an engine of a few lines. The kernel below is one socket
// with a lock, and that is what the proof needs of a real one: a call that finds nothing comes before the event that
// follows it.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>

#include "tests/model/stand_in/engine.h"
#include "weft/detail/io_await.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/reactor/readiness.h"

namespace weft::inline WEFT_ABI::model {
namespace {

constexpr int number = 3;

struct kernel_socket {
  rt::mutex lock;
  int bytes = 0;  // guarded by lock, as the rest
  bool is_shut = false;
  bool is_open = true;
};
kernel_socket* in_kernel = nullptr;

struct test_backend final : rt::readiness_backend {
  std::error_code watch(int, std::uint64_t token) noexcept override {
    watched = token;
    return {};
  }
  void unwatch(int) noexcept override {}
  void wait(std::int64_t, rt::job_list&) noexcept override {}
  void wake() noexcept override {}
  void wake_at(std::int64_t) noexcept override {}
  std::int64_t now_ns() const noexcept override { return 0; }
  using rt::readiness_backend::on_event;
  std::uint64_t watched = 0;
};

struct finish {
  static constexpr const char* what = "read";
  std::size_t operator()(std::int64_t count, std::error_code&) const noexcept {
    return static_cast<std::size_t>(count);
  }
};

// A reader on its own worker, and what others do to its socket.
struct scene {
  kernel_socket socket;
  test_backend backend;
  rt::descriptor on;
  std::byte buffer{};
  int has_read = 0;
  int was_cut_off = 0;
  rt::engine home;

  scene() : home(chosen()) {
    in_kernel = &socket;
    backend.belong_to(home);
    require(!backend.add(rt::os::fd(number), on), "the descriptor is added");
  }
  static rt::options chosen() {
    rt::options one;
    one.workers = 1;
    return one;
  }
  task<> read() {
    try {
      const std::size_t count =
          co_await detail::io_operation<finish>(rt::io_kind::recv, on, &buffer, 1, true, finish{});
      require(count == 1, "a byte was there");
      ++has_read;
    } catch (const std::system_error&) {
      ++was_cut_off;
    }
  }
  void arrive() {
    {
      const rt::lock_guard<rt::mutex> guard(socket.lock);
      ++socket.bytes;
    }
    rt::job_list ready;
    backend.on_event(backend.watched, {.may_read = true}, ready);
    home.submit(ready);
  }
  void close() {
    rt::job_list ready;
    backend.close(on, ready);
    home.submit(ready);
  }
  void end() {
    home.stop();
    close();
    require(!socket.is_open, "the descriptor is closed at last");
    require(has_read + was_cut_off <= 1, "the reader goes on once, or is unwound");
  }
};

void event() {
  scene all;
  signal done;
  const auto reads_and_says = [&]() -> task<> {
    co_await all.read();
    done.set();
  };
  auto reader = detail::spawn_on(all.home, reads_and_says);
  threads({[&] { all.arrive(); }});
  done.wait(false);
  all.end();
  require(all.has_read == 1, "an event, whenever it comes, ends the read");
}

void stop() {
  scene all;
  const auto reads = [&]() -> task<> { return all.read(); };
  auto reader = detail::spawn_on(all.home, reads);
  threads({[&] { reader.request_stop(); }});
  all.end();
  require(all.has_read + all.was_cut_off == 0, "a stopped reader is unwound");
}

void event_and_stop() {
  scene all;
  const auto reads = [&]() -> task<> { return all.read(); };
  auto reader = detail::spawn_on(all.home, reads);
  threads({[&] { all.arrive(); }, [&] { reader.request_stop(); }});
  all.end();
}

void close() {
  scene all;
  signal done;
  const auto reads = [&]() -> task<> {
    co_await all.read();
    done.set();
  };
  auto reader = detail::spawn_on(all.home, reads);
  threads({[&] { all.close(); }});
  done.wait(false);
  all.end();
  require(all.was_cut_off == 1, "a close ends the read");
}

void close_against_all() {
  scene all;
  const auto reads = [&]() -> task<> { return all.read(); };
  auto reader = detail::spawn_on(all.home, reads);
  threads({[&] { all.arrive(); }, [&] { reader.request_stop(); }, [&] { all.close(); }});
  all.end();
}

constexpr bounds wide{.most_exhaustive = 40'000, .random = 3'000};

const registered one("event", "no edge is lost", wide, event);
const registered two("stop", "a stop ends a read", wide, stop);
const registered three("event_and_stop", "completed or stopped, once", wide, event_and_stop);
const registered four("close", "a close ends a read", wide, close);
const registered five("close_against_all", "event, stop and close at once", wide, close_against_all);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model

// The kernel.
namespace weft::inline WEFT_ABI::rt::os {

using model::in_kernel;
using model::require;

io_result recv(int descriptor, std::span<std::byte>) noexcept {
  const lock_guard<mutex> guard(in_kernel->lock);
  require(in_kernel->is_open && descriptor == model::number, "calls are made on an open descriptor");
  if (in_kernel->bytes > 0) {
    --in_kernel->bytes;
    return {1};
  }
  return in_kernel->is_shut ? io_result{0} : io_result::failed(EAGAIN);
}

std::error_code shutdown(int descriptor, shutdown_side) noexcept {
  const lock_guard<mutex> guard(in_kernel->lock);
  require(in_kernel->is_open && descriptor == model::number, "calls are made on an open descriptor");
  in_kernel->is_shut = true;
  return {};
}

void fd::reset(int descriptor) noexcept {
  if (descriptor_ == model::number) {
    const lock_guard<mutex> guard(in_kernel->lock);
    require(in_kernel->is_open, "the descriptor is closed once");
    in_kernel->is_open = false;
  }
  descriptor_ = descriptor;
}

// What no model of a reader needs.
io_result send(int, std::span<const std::byte>) noexcept {
  return io_result::failed(ENOSYS);
}
io_result recv_vec(int, std::span<const iovec>) noexcept {
  return io_result::failed(ENOSYS);
}
io_result send_vec(int, std::span<const iovec>) noexcept {
  return io_result::failed(ENOSYS);
}
io_result start_connect(int, const address&) noexcept {
  return io_result::failed(ENOSYS);
}
io_result finish_connect(int) noexcept {
  return io_result::failed(ENOSYS);
}
result<fd> accept(int, address*) noexcept {
  return result<fd>::failed(ENOSYS);
}

}  // namespace weft::inline WEFT_ABI::rt::os
