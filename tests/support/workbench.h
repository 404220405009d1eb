// Workers that a test steps by hand, or lets run on threads, over reactors that it can watch.
//
// The backends are real ones with a window: the test sees each wait and each wake, and may do something at the
// moment of a wait, which is where the protocols of sleeping have their races.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/jobs.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/scheduler/scheduler.h"
#include "weft/rt/scheduler/station.h"
#include "weft/rt/scheduler/worker.h"

namespace weft::inline WEFT_ABI::rt {

class watched_backend final : public backend {
 public:
  watched_backend() { EXPECT_FALSE(make_backend(backend_kind::system_default, real_)); }

  std::error_code add(os::fd file, descriptor& added) noexcept override {
    return real_->add(std::move(file), added);
  }
  start_result start(io_op& op) noexcept override { return real_->start(op); }
  void close(descriptor closing, job_list& ready) noexcept override { real_->close(closing, ready); }
  int pin(descriptor used) noexcept override { return real_->pin(used); }
  void unpin(descriptor used) noexcept override { real_->unpin(used); }
  std::int64_t now_ns() const noexcept override { return stands_at_ns != 0 ? stands_at_ns : real_->now_ns(); }
  std::size_t open_descriptors() const noexcept override { return real_->open_descriptors(); }

  void wait(std::int64_t timeout_ns, job_list& ready) noexcept override {
    (timeout_ns == 0  ? looks
     : timeout_ns < 0 ? endless_waits
                      : limited_waits)
        .fetch_add(1, std::memory_order_acq_rel);
    if (before_wait) before_wait(timeout_ns, ready);
    if (never_by_time && timeout_ns > 0) timeout_ns = -1;
    is_in_endless_wait.store(timeout_ns < 0, std::memory_order_release);
    real_->wait(ready.empty() ? timeout_ns : 0, ready);
    is_in_endless_wait.store(false, std::memory_order_release);
  }
  void wake() noexcept override {
    wakes.fetch_add(1, std::memory_order_acq_rel);
    real_->wake();
  }

  void wake_at(std::int64_t due_ns) noexcept override {
    (due_ns != never ? alarms : alarms_taken_back).fetch_add(1, std::memory_order_acq_rel);
    real_->wake_at(due_ns);
  }

  // Set before any worker runs. The hook is called by whoever waits, before it does.
  std::function<void(std::int64_t timeout_ns, job_list& ready)> before_wait;
  // Not zero: its clock stands, but not for alarms and waits.
  std::int64_t stands_at_ns = 0;
  // A limited wait has no limit: what only a back-stop would find hangs, and is seen.
  bool never_by_time = false;

  std::atomic<int> looks{0};
  std::atomic<int> limited_waits{0};
  std::atomic<int> endless_waits{0};
  std::atomic<int> wakes{0};
  std::atomic<int> alarms{0};
  std::atomic<int> alarms_taken_back{0};
  std::atomic<bool> is_in_endless_wait{false};

 private:
  std::unique_ptr<backend> real_;
};

class workbench {
 public:
  explicit workbench(std::size_t count, const core_load* load = nullptr) : place(count, 0, {}, load) {
    for (std::size_t i = 0; i < count; ++i) {
      auto io = std::make_unique<watched_backend>();
      backends.push_back(io.get());
      place.stations.push_back(std::make_unique<station>(std::move(io)));
    }
    for (std::size_t i = 0; i < count; ++i) {
      workers.push_back(std::make_unique<worker>(i, place, home_, &owner_));
    }
  }
  workbench(const workbench&) = delete;
  workbench& operator=(const workbench&) = delete;
  ~workbench() { close(); }

  // As a thread that is no worker submits.
  void publish(job& ready) {
    place.shared.push(ready);
    place.wake_one();
  }

  void start(std::size_t index) {
    threads_.emplace_back([own = workers[index].get()] { own->run(); });
  }
  void start_all() {
    for (std::size_t i = 0; i < workers.size(); ++i) start(i);
  }
  void close() {
    place.is_closing.store(true, std::memory_order_release);
    for (watched_backend* each : backends) each->wake();
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }

  [[nodiscard]] bool all_sleep_without_limit() const {
    for (const watched_backend* each : backends) {
      if (!each->is_in_endless_wait.load(std::memory_order_acquire)) return false;
    }
    return true;
  }
  [[nodiscard]] int wakes() const {
    int sum = 0;
    for (const watched_backend* each : backends) sum += each->wakes.load(std::memory_order_acquire);
    return sum;
  }

  workplace place;
  std::vector<watched_backend*> backends;
  std::vector<std::unique_ptr<worker>> workers;

 private:
  // What workers call home. Neither runs anything here.
  engine owner_{options{.workers = 1}};
  scheduler home_{1, owner_};
  std::vector<std::thread> threads_;
};

}  // namespace weft::inline WEFT_ABI::rt
