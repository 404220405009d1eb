// A runtime's parts, and the only door by which api/ reaches them. Starts them in one order, stops them in
// the reverse.
//
// Any thread may call anything, except where a line says that the caller is a worker.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "weft/rt/offload/call.h"
#include "weft/rt/options.h"
#include "weft/rt/os/fd.h"
#include "weft/rt/reactor/descriptor.h"
#include "weft/rt/reactor/timer.h"
#include "weft/rt/stats.h"
#include "weft/rt/work/roster.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {

class engine {
 public:
  // Throws std::invalid_argument for options that cannot be meant, std::system_error when the system refuses
  // a thread or a descriptor.
  explicit engine(const options& chosen);
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  // stop(), and frees everything. Not on a worker of its own.
  ~engine();

  // The orderly end: refuses new tasks, asks all to stop, runs until none lives, drains the pools, ends the
  // threads. Blocks the caller, which is no worker. A task that ignores the stop is waited for. Idempotent.
  void stop() noexcept;

  // What tasks inherit that are spawned from outside.
  [[nodiscard]] const context& root_context() const noexcept { return root_context_; }

  // --- jobs
  void submit(job& ready) noexcept;
  void submit(job_list& ready) noexcept;
  // As submit, for the first job of a task, which is counted.
  void spawn(job& first) noexcept;
  // On a worker of ours: a child that anyone may take. offer_forked() once after the last of several.
  void fork(job& child);
  void offer_forked() noexcept;
  // On a worker of ours, in a job that steps aside at `leaf`. True: nobody waits whose turn it would be, the job's turn is
  // over and its next one has begun.
  [[nodiscard]] bool begin_next_turn_alone(frame& leaf) noexcept;
  // On a worker of ours, in a job that ends and waits for `awaited`, which others may have taken, and freed. If it is next
  // here, its turn begins when this job comes back, without a look at what else there is.
  void begin_next_turn_with(job& awaited) noexcept;
  [[nodiscard]] bool is_on_worker() const noexcept;
  [[nodiscard]] std::size_t worker_count() const noexcept;
  // Whether a thread that waits for us may spin: the workers that are awake and the functions of compute() leave a core.
  // A hint, for any thread.
  [[nodiscard]] bool has_core_to_spare() const noexcept;

  // Around a function that blocks, inside a job of ours. False: it is inside of another one, and has no end.
  [[nodiscard]] bool begin_block_in_place() noexcept;
  void end_block_in_place() noexcept;

  // --- who is asked to stop at the end
  [[nodiscard]] bool admit(roster::member& joining) noexcept;
  void leave(roster::member& leaving) noexcept;

  // --- time: on a worker of ours, prepare and insert without a suspension in between
  [[nodiscard]] std::int64_t now_ns() const noexcept;
  void prepare(timer& waiting, std::int64_t due_ns) noexcept;
  // False: it was cancelled before it came here, see timer_wheel::insert.
  [[nodiscard]] bool insert(timer& waiting) noexcept;
  // See timer_wheel::cancel.
  [[nodiscard]] static bool cancel(timer& armed) noexcept;

  // --- descriptors: registered with the calling worker's reactor, or with each in turn
  enum class placement : std::uint8_t { here, spread };
  [[nodiscard]] std::error_code add(os::fd file, placement where, descriptor& added) noexcept;

  // --- functions on other threads
  [[nodiscard]] start_outcome compute(call& given) noexcept;
  [[nodiscard]] start_outcome block(call& given) noexcept;

  // --- the state of all this, as text; see report.h. Throws std::bad_alloc. Also while another thread is in stop().
  [[nodiscard]] std::string dump(const dump_options& how);

  // --- what was done so far, in numbers; see weft/runtime_stats.h. Throws std::bad_alloc.
  [[nodiscard]] runtime_stats stats() const;

  // --- errors that nobody took. The reporter may outlive the engine: what keeps such an error keeps it.
  using reporter = std::function<void(const unhandled_error&)>;
  [[nodiscard]] const std::shared_ptr<const reporter>& unhandled() const noexcept { return unhandled_; }

 private:
  struct parts;
  friend class engine_list;

  atomic<std::uint64_t> missed_stops_{0};  // see context
  const context root_context_;
  // All engines of the process, for a debugger: see engine_list.h.
  engine* next_engine_ = nullptr;
  engine* engine_before_ = nullptr;
  std::shared_ptr<const reporter> unhandled_;
  std::unique_ptr<parts> parts_;
};

}  // namespace weft::inline WEFT_ABI::rt
