#include "weft/rt/scheduler/scheduler.h"

#include "weft/rt/base/backoff.h"
#include "weft/rt/base/chaos.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt {

scheduler::~scheduler() {
  close();
}

std::error_code scheduler::start(const std::string& name) {
  const std::size_t count = total_;
  for (std::size_t i = 0; i < count; ++i) {
    std::unique_ptr<backend> io;
    if (const std::error_code failed = make_backend(backend_kind::system_default, io)) return failed;
    io->belong_to(owner_);
    place_.stations.push_back(std::make_unique<station>(std::move(io)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<worker>(i, place_, *this, &owner_));
  }
  threads_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    worker* own = workers_[i].get();
    if (const std::error_code failed =
            threads_[i].start(name + '-' + std::to_string(i), [own] { own->run(); })) {
      close();
      return failed;
    }
  }
  return {};
}

void scheduler::close() noexcept {
  WEFT_CHECK(!is_on_worker(), "a runtime cannot be stopped by one of its own workers");
  WEFT_CHAOS(yield);
  place_.is_closing.store(true, std::memory_order_release);  // pairs with worker::sleep_until_work()
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (!threads_[i].is_started()) continue;
    place_.stations[i]->events.wake();
    threads_[i].join();
  }
  for (backoff pause; outsiders_.load(std::memory_order_acquire) != 0;) pause.pause();  // pairs with submit()
}

void scheduler::submit(job& ready) noexcept {
  if (is_on_worker()) {
    this_turn().self->submit(ready);
  } else {
    submit_from_outside(ready);
  }
}

void scheduler::submit_from_outside(job& ready) noexcept {
  outsiders_.fetch_add(1, std::memory_order_relaxed);  // before the push, which publishes it
  place_.shared.push(ready);
  WEFT_CHAOS(late_wake);
  place_.wake_one();
  outsiders_.fetch_sub(1, std::memory_order_release);  // pairs with close()
}

void scheduler::submit(job_list& ready) noexcept {
  if (ready.empty()) return;
  if (is_on_worker()) {
    this_turn().self->submit_last(ready);
    return;
  }
  outsiders_.fetch_add(1, std::memory_order_relaxed);  // before the push, which publishes it
  place_.shared.push_all(ready);
  WEFT_CHAOS(late_wake);
  place_.wake_one();
  outsiders_.fetch_sub(1, std::memory_order_release);  // pairs with close()
}

void scheduler::fork(job& child) {
  this_turn().forks->push(child);
  this_turn().forked.add();
}

void scheduler::offer_forked() noexcept {
  if (place_.wake_one()) this_turn().self->counts().wakes_for_forks.add();
}

reactor& scheduler::own_reactor() noexcept {
  return is_on_worker() ? this_turn().self->events() : next_reactor();
}

reactor& scheduler::lasting_reactor() noexcept {
  if (!is_on_worker() || place_.spares.is_spare(this_turn().self->index())) return next_reactor();
  return this_turn().self->events();
}

reactor& scheduler::next_reactor() noexcept {
  // Only an even spread is wanted, so relaxed is enough.
  return place_.stations[next_.fetch_add(1, std::memory_order_relaxed) % size()]->events;
}

}  // namespace weft::inline WEFT_ABI::rt
