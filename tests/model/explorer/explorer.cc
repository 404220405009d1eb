#include "weft/model/explorer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "weft/model/heap.h"

namespace weft::inline WEFT_ABI::model {

explorer& explorer::get() noexcept {
  static explorer only;
  return only;
}

bool explorer::execute(const std::function<void()>& body, choices& path, const bounds& within, bool is_random,
                       bool is_traced) {
  path_ = &path;
  path.rewind();
  within_ = within;
  is_random_ = is_random;
  is_traced_ = is_traced;
  if (is_random) favour_ = 4 + static_cast<unsigned>(path.random() % 11);
  preemptions_ = stale_loads_ = spurious_failures_ = points_ = 0;
  now_ns_ = 0;
  has_failed_ = false;
  why_.clear();
  trace_.clear();
  words_.restart();
  started_ = 0;
  for (thread& each : threads_) each.now = standing::absent;
  threads_[0].knows = {};
  begin(0, body);
  running_ = 0;
  if (local_ != nullptr) *local_ = first_local_;
  own_memory::depth = 0;
  threads_[0].stack.enter(outside_, false);
  own_memory::depth = 1;
  running_ = nobody;
  if (!has_failed_ && live_blocks() != 0) {
    has_failed_ = true;
    why_ = "leak: " + std::to_string(live_blocks()) + " allocations are left";
  }
  // The threads of an execution that failed are dropped where they stand, so nothing may be destroyed.
  drop_blocks();
  if (!has_failed_ && !path.is_consistent()) {
    has_failed_ = true;
    why_ =
        "the model did something else on the same path: does it depend on addresses, time, or an execution "
        "before?";
  }
  return !has_failed_;
}

void explorer::begin(std::size_t index, std::function<void()> body) {
  thread& made = threads_[index];
  made.body = std::move(body);
  made.now = standing::ready;
  made.local = first_local_;
  made.stack.prepare(&thread_main);
  started_ = std::max(started_, index + 1);
}

void explorer::thread_main() noexcept {
  explorer& all = get();
  thread& self = all.threads_[all.running_];
  self.body();
  self.now = standing::ended;
  all.words_.count_write();
  if (all.running_ == 0) {
    const own_memory ours;
    all.outside_.enter(self.stack, true);
  }
  all.choose_next(false, true);
}

std::size_t explorer::start_thread(std::function<void()> body) {
  if (started_ == most_threads)
    fail("the model has too many threads: view.h, most_threads", place::current());
  view& mine = knowledge();
  const std::size_t index = started_;
  {
    const own_memory ours;
    begin(index, body);
  }
  threads_[index].knows = mine;
  ++mine.heard[running_];
  return index;
}

void explorer::wait_for_end(std::size_t index, const place& at) {
  const auto is_over = [](const void* of) noexcept {
    return static_cast<const thread*>(of)->now == standing::ended;
  };
  thread& one = threads_[index];
  if (!is_over(&one)) block(is_over, &one, "the end of a thread", at, false);
  knowledge().join(one.knows);
}

bool explorer::may_run(std::size_t index) const noexcept {
  const thread& one = threads_[index];
  return one.now == standing::ready || (one.now == standing::waiting && one.is_ready(one.waits_for));
}

bool explorer::may_run_late(std::size_t index) const noexcept {
  const thread& one = threads_[index];
  return one.now == standing::waiting && one.has_limit && !one.is_ready(one.waits_for);
}

void explorer::choose_next(bool self_may_run, bool leaving_is_free) {
  std::array<std::size_t, most_threads> options;
  unsigned count = 0;
  if (self_may_run) options[count++] = running_;
  if (!self_may_run || leaving_is_free || is_random_ || preemptions_ < within_.preemptions) {
    for (std::size_t i = 0; i < started_; ++i) {
      if (i != running_ && may_run(i)) options[count++] = i;
    }
  }
  const unsigned in_time = count;
  if (count == 0 || is_random_ || preemptions_ < within_.preemptions) {
    for (std::size_t i = 0; i < started_; ++i) {
      if (may_run_late(i)) options[count++] = i;
    }
  }
  if (count == 0) all_wait();
  const unsigned taken = path_->choose(count, self_may_run                     ? favour_
                                              : in_time > 0 && in_time < count ? 4
                                                                               : 0);
  const std::size_t next = options[taken];
  if ((self_may_run && !leaving_is_free && next != running_) || (in_time > 0 && taken >= in_time))
    ++preemptions_;
  if (next == running_) {
    threads_[next].now = standing::ready;
    return;
  }
  switch_to(next, threads_[running_].now == standing::ended);
}

void explorer::switch_to(std::size_t index, bool is_over) {
  thread& from = threads_[running_];
  thread& to = threads_[index];
  to.now = standing::ready;
  if (local_ != nullptr) from.local = std::exchange(*local_, to.local);
  running_ = index;
  to.stack.enter(from.stack, is_over);
}

void explorer::point() {
  if (++points_ > within_.most_points) {
    fail("runs for ever: more than " + std::to_string(within_.most_points) + " scheduling points",
         place::current());
  }
  if (is_random_ || preemptions_ < within_.preemptions) choose_next(true, false);
}

void explorer::wait_until(ready_fn is_ready, const void* of, const char* words, const place& at,
                          bool has_limit) {
  point();
  if (is_ready(of)) return;
  if (is_traced_) note(std::string("waits for ") + words, at);
  block(is_ready, of, words, at, has_limit);
}

void explorer::block(ready_fn is_ready, const void* of, const char* words, const place& at, bool has_limit) {
  thread& self = threads_[running_];
  self.has_limit = has_limit && within_.time_passes;
  self.now = standing::waiting;
  self.is_ready = is_ready;
  self.waits_for = of;
  self.words = words;
  self.at = at;
  choose_next(false, true);
}

void explorer::give_way(const place& at) {
  if (++points_ > within_.most_points) fail("spins for ever", at);
  if (words_.catch_up()) {
    choose_next(true, true);
    return;
  }
  struct since {
    const memory* words;
    std::uint64_t writes;
  } const before{&words_, words_.writes()};
  const auto has_changed = [](const void* of) noexcept {
    const auto& then = *static_cast<const since*>(of);
    return then.words->writes() != then.writes;
  };
  block(has_changed, &before, "a write (it spins)", at, false);
  words_.catch_up();
}

unsigned explorer::decide(unsigned options) noexcept {
  return path_->choose(options, 8);
}

void explorer::all_wait() {
  const own_memory ours;
  std::string who = "all threads wait (a deadlock, or a wake-up was lost):";
  for (std::size_t i = 0; i < started_; ++i) {
    const thread& one = threads_[i];
    if (one.now != standing::waiting) continue;
    who += "\n      T" + std::to_string(i) + " for " + one.words + " at " + one.at.file_name() + ':' +
           std::to_string(one.at.line());
  }
  fail(who, place::current());
}

void explorer::fail(const std::string& why, const place& at) {
  if (!is_running() || has_failed_) return;
  const own_memory ours;
  has_failed_ = true;
  why_ = "T" + std::to_string(running_) + ": " + why + "\n      at " + at.file_name() + ':' +
         std::to_string(at.line());
  note("FAILS: " + why, at);
  const std::size_t self = running_;
  outside_.enter(threads_[self].stack, true);
}

void explorer::note(const std::string& what, const place& at) {
  if (!is_traced_) return;
  const own_memory ours;
  const char* const slash = std::strrchr(at.file_name(), '/');
  char text[400];
  std::snprintf(text, sizeof text, "T%zu  %-58s %s:%u", running_, what.c_str(),
                slash != nullptr ? slash + 1 : at.file_name(), static_cast<unsigned>(at.line()));
  trace_.emplace_back(text);
}

}  // namespace weft::inline WEFT_ABI::model
