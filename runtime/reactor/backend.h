// What a source of input and output can do: the contract between awaiters and epoll, a simulation, io_uring.
//
// Any thread may call anything, but wait() is for one thread at a time: the holder of the reactor's seat.
// Nothing here runs a job: jobs that became ready are appended to a list for the caller to submit. A job on
// it is always a scope, and its home engine is the one to submit it to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "weft/rt/os/fd.h"
#include "weft/rt/reactor/descriptor.h"
#include "weft/rt/reactor/io_op.h"
#include "weft/rt/work/job_list.h"

namespace weft::inline WEFT_ABI::rt {

class engine;

enum class start_result : std::uint8_t {
  done,     // `result` is final, and nothing will be handed out: go on
  pending,  // touch neither operation nor frame: they may be running elsewhere, or be gone
  stopped,  // nothing was done and nothing will be handed out: the caller unwinds its chain
};

class backend {
 public:
  backend() noexcept = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  virtual ~backend() = default;

  // Whose tasks may use its descriptors; set once, before the first one is added. Jobs that become ready are run by
  // the workers of that engine, so an operation of another engine's task would come home to the wrong place.
  void belong_to(const engine& owner) noexcept { owner_ = &owner; }
  [[nodiscard]] bool serves(const engine& asking) const noexcept { return owner_ == &asking; }

  // Registers a non-blocking descriptor, which belongs to the backend from now on; on an error it is closed.
  [[nodiscard]] virtual std::error_code add(os::fd file, descriptor& added) noexcept = 0;

  // Starts what `op` says; its coroutine is suspended at `op.leaf`, a frame of the chain `op.waiter`. Tries
  // at once, and touches the chain's leaf word only if it has to wait.
  [[nodiscard]] virtual start_result start(io_op& op) noexcept = 0;

  // Further uses of `closing` fail with -EBADF; an operation that waits ends with -ECANCELED, and its job is
  // appended to `ready`. The descriptor itself is closed now, or when the last system call on it has come
  // back. Closing twice does nothing.
  virtual void close(descriptor closing, job_list& ready) noexcept = 0;

  // The number behind a descriptor, for a call that neither reads nor writes (options, addresses, shutdown);
  // -EBADF once closed. It stays open until unpin(), which is owed unless there was an error. See `pinned`.
  [[nodiscard]] virtual int pin(descriptor used) noexcept = 0;
  virtual void unpin(descriptor used) noexcept = 0;

  // Waits for events: at most `timeout_ns` (0: looks only; below: no limit), or until wake(). Appends the
  // jobs that became ready. May return early, with nothing.
  virtual void wait(std::int64_t timeout_ns, job_list& ready) noexcept = 0;

  // Makes the wait under way return, or the next one if there is none. What the caller did before is seen by
  // the waiter afterwards. Wakes that come together are one.
  virtual void wake() noexcept = 0;

  // The same at `due_ns` by now_ns(), once; `never` takes it back. There is one such time, and the last call counts. May
  // come early, and when it was just taken back.
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  virtual void wake_at(std::int64_t due_ns) noexcept = 0;

  // The clock that timers and timeouts go by: monotonic.
  [[nodiscard]] virtual std::int64_t now_ns() const noexcept = 0;

  // Descriptors added and not closed to the end.
  [[nodiscard]] virtual std::size_t open_descriptors() const noexcept = 0;
  // For reports: operations that wait for an event. A hint.
  [[nodiscard]] virtual std::size_t waiting_operations() const noexcept { return 0; }

 private:
  const engine* owner_ = nullptr;
};

// Keeps a descriptor open during a system call.
class pinned {
 public:
  explicit pinned(descriptor used) noexcept : used_(used), file_(used.home->pin(used)) {}
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  ~pinned() {
    if (file_ >= 0) used_.home->unpin(used_);
  }

  // -EBADF: the descriptor is closed.
  [[nodiscard]] int file() const noexcept { return file_; }

 private:
  descriptor used_;
  int file_;
};

enum class backend_kind : std::uint8_t { system_default, epoll };

// On an error (descriptors have run out) `made` stays empty.
[[nodiscard]] std::error_code make_backend(backend_kind kind, std::unique_ptr<backend>& made) noexcept;

// One for each kind; make_backend chooses.
[[nodiscard]] std::error_code make_epoll_backend(std::unique_ptr<backend>& made) noexcept;

}  // namespace weft::inline WEFT_ABI::rt
