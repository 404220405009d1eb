// What tests of the pools share: an engine that keeps what comes back, and a task without a scheduler whose
// jobs are looked at instead of run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <source_location>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "weft/rt/offload/call.h"
#include "weft/rt/work/frame.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::rt {

using test::eventually;
using test::gate;
using test::patience;

// Stands for an engine: keeps the jobs that come back.
class engine_stub {
 public:
  [[nodiscard]] completion_sink sink() {
    return {[](void* self, job& ready) noexcept { static_cast<engine_stub*>(self)->take(ready); }, this};
  }
  [[nodiscard]] bool wait_for(std::size_t jobs) {
    std::unique_lock locked(lock_);
    return came_.wait_for(locked, patience, [&] { return jobs_.size() >= jobs; });
  }
  [[nodiscard]] std::vector<job*> jobs() {
    std::lock_guard guard(lock_);
    return jobs_;
  }

 private:
  void take(job& ready) {
    std::lock_guard guard(lock_);
    jobs_.push_back(&ready);
    came_.notify_all();
  }

  std::mutex lock_;
  std::condition_variable came_;
  std::vector<job*> jobs_;
};

// A chain that waits for one function.
struct waiting_task {
  struct function_call : call {
    explicit function_call(waiting_task& of) : call(kind, &invoke_it, &of.own), task(of) {}
    static void invoke_it(call& self) noexcept {
      waiting_task& task = static_cast<function_call&>(self).task;
      try {
        task.function();
      } catch (...) {
        task.error = std::current_exception();
      }
      task.has_run = true;  // published by finish()
    }
    static constexpr leaf_kind kind{"a test", &cancel_call, &describe_call};
    waiting_task& task;
  };

  explicit waiting_task(std::function<void()> given) : function(std::move(given)) {}
  waiting_task(const waiting_task&) = delete;
  waiting_task& operator=(const waiting_task&) = delete;

  [[nodiscard]] bool arm() { return own.arm(operation, leaf); }
  [[nodiscard]] bool is_resumed() const { return own.run == &scope::resume_job; }
  [[nodiscard]] bool is_unwound() const { return own.run == &scope::unwind_job; }

  std::function<void()> function;
  std::exception_ptr error;
  bool has_run = false;
  scope own;
  frame leaf{std::source_location::current()};
  function_call operation{*this};
};

template <class Pool>
[[nodiscard]] start_outcome await(Pool& pool, waiting_task& task) {
  EXPECT_TRUE(task.arm());
  return pool.start(task.operation);
}

// Stops the task; how many jobs the canceller handed out.
[[nodiscard]] inline int stop(waiting_task& task) {
  job_list ready;
  task.own.stop(ready);
  int handed_out = 0;
  while (ready.pop_front() != nullptr) ++handed_out;
  return handed_out;
}

}  // namespace weft::inline WEFT_ABI::rt
