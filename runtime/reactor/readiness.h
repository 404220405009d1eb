// A backend on top of readiness: the kernel says "try again now", and an operation's job does the system
// call.
//
// What holds an operation where:
//
//   start()    claims the direction (control_word.h) and tries. Only on "would block" it arms the chain's
//              leaf word, lends the chain's job to the operation (run = attempt), and publishes it: trying ->
//              waiting.
//   an event   waiting -> trying, and hands the job out. It now holds the direction.
//   the job    tries. An answer: release the direction, finish() the leaf word, go on in the coroutine.
//              "Would block": publish again.
//   a stop     (cancel, after the leaf word says stopping) does what an event does: it kicks. It never takes
//              the operation for itself; it always answers `completing`.
//   close()    takes a waiting operation out and hands its job out, marked: the record is not its own any
//              more.
//
// Why nothing is lost and nothing happens twice:
// 1. An operation is armed only between claim and release, so a kick finds it either trying or waiting.
//    Waiting: the kick hands out the job, which sees the stop before its next system call. Trying: `again`
//    makes its publish fail, and through that exchange it sees the stop. Neither (none, ready, another's): it
//    has been released with its outcome decided, and finish() follows; a kick that meets a stranger makes
//    that one look once more.
// 2. After publish() has said `waiting`, the operation, its frame and its scope may be gone: nothing is
//    touched. So no look at the scope is needed after publishing, and none would be allowed.
// 3. The direction is released before finish(): whoever is resumed may start the next operation at once. The
//    record stays valid memory, so a canceller that comes between the two finds a word that does not concern
//    it.
// 4. `run` is set to resume or unwind before finish(), as the canceller may be the one to hand the job out.
// 5. A completed effect wins: after a system call that had an answer, the chain is resumed with it, stopping
//    or not. A stop is looked at only before a call, never after one.
// 6. An event between "would block" and publish sets `again`, and publish fails: no edge is lost.
// 7. Close: `closed` is set with the same exchange that takes out who waits; who tries finds it at publish or
//    release, and the last one to leave closes the descriptor.
//
// Refused: a cancel that takes the operation out of the word by comparing pointers. Between its look and its
// exchange the word can be released and published by another operation.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include "weft/rt/os/fd.h"
#include "weft/rt/reactor/backend.h"
#include "weft/rt/reactor/descriptor_slab.h"

namespace weft::inline WEFT_ABI::rt {

class readiness_backend : public backend {
 public:
  [[nodiscard]] std::error_code add(os::fd file, descriptor& added) noexcept final;
  [[nodiscard]] start_result start(io_op& op) noexcept final;
  void close(descriptor closing, job_list& ready) noexcept final;
  [[nodiscard]] int pin(descriptor used) noexcept final;
  void unpin(descriptor used) noexcept final;
  [[nodiscard]] std::size_t open_descriptors() const noexcept final { return slab_.in_use(); }
  [[nodiscard]] std::size_t waiting_operations() const noexcept final { return slab_.waiting_operations(); }

 protected:
  // From now until unwatch(), edges on `file` are reported to on_event() with `token`.
  [[nodiscard]] virtual std::error_code watch(int file, std::uint64_t token) noexcept = 0;
  virtual void unwatch(int file) noexcept = 0;

  // Events of a descriptor that is gone are ignored.
  void on_event(std::uint64_t token, readiness_event what, job_list& ready) noexcept;

  // No descriptor's token.
  static constexpr std::uint64_t foreign_token = ~std::uint64_t{0};

 private:
  enum class settled : std::uint8_t { waiting, completed, stopped };

  // The caller holds the operation's direction. After `waiting`, nothing of it may be touched.
  settled wait_or_complete(io_op& op) noexcept;
  void release(descriptor_record& held, direction way, bool is_drained) noexcept;
  void close_for_good(descriptor_record& last_used) noexcept;

  static void attempt_job(job& lent, turn& now) noexcept;
  static settled attempt(io_op& op) noexcept;
  static cancel_outcome kick(leaf_op& armed, job_list& ready) noexcept;
  static void describe(const leaf_op& armed, std::int64_t now_ns, std::string& text);
  static constexpr leaf_kind readiness_kind{"I/O: ", &kick, &describe};

  descriptor_slab slab_;
};

}  // namespace weft::inline WEFT_ABI::rt
