// call: a function on another thread against the stop of the task that waits for it, and against the runtime's end. The
// function runs and its task goes on, or it never runs and the task is unwound; and no thread of the crew touches what
// is gone then.
//
// Real tasks and a real crew; spawn_blocking's pool only (compute's differs by oneTBB's arena around the function).
// Between arming and the queue there is no thread but the task's own: direct models step there by hand.
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tests/model/stand_in/engine.h"
#include "weft/join_handle.h"
#include "weft/model/model.h"
#include "weft/offload.h"
#include "weft/rt/offload/call.h"
#include "weft/rt/offload/call_queue.h"

namespace weft::inline WEFT_ABI::model {
namespace {

rt::options engine_of(unsigned workers, unsigned functions) {
  rt::options chosen = rt::engine_of(workers);
  chosen.blocking_threads = functions;
  return chosen;
}

// A call as an awaiter makes it, and a thread that serves the queue by hand.
struct chain {
  struct op : rt::call {
    explicit op(chain& in) : rt::call(kind, &run_it, &in.own), of(in) {}
    static void run_it(rt::call& self) noexcept { ++static_cast<op&>(self).ran; }
    static constexpr rt::leaf_kind kind{"a call", &cancel_call, &describe_call};
    chain& of;
    plain<int> ran;
  };

  rt::scope own;
  rt::frame leaf{std::source_location::current()};
  rt::call_queue queue;
  op* waits = nullptr;
  int resumed = 0, unwound = 0;

  ~chain() { delete waits; }

  // The scope's job. The coroutine would go on, or be destroyed; the call goes with it.
  void run_job(bool is_stopped) {
    require((waits->ran == 1) != is_stopped,
            "the chain is resumed if the function ran, and unwound if it did not");
    delete std::exchange(waits, nullptr);
    ++(is_stopped ? unwound : resumed);
  }
  void run_handed_out() { run_job(own.rt::job::run == &rt::scope::unwind_job); }

  void start() {
    waits = new op(*this);
    if (!own.arm(*waits, leaf)) return run_job(true);
    {
      const rt::lock_guard<rt::mutex> guard(queue.lock);
      if (queue.claim(*waits)) return queue.push_back(*waits);
    }
    own.to_unwind(leaf);
    if (own.finish()) run_job(true);
  }
  void serve() {
    rt::call* taken;
    {
      const rt::lock_guard<rt::mutex> guard(queue.lock);
      taken = queue.pop_front();
    }
    if (taken == nullptr) return;
    taken->invoke(*taken);
    rt::scope& waiter = *taken->waiter;
    if (waiter.finish()) run_handed_out();
  }
  void stop() {
    rt::job_list ready;
    own.stop(ready);
    if (ready.pop_front() != nullptr) run_handed_out();
  }
};

void stop_against_start() {
  chain one;
  threads({[&] { one.start(); }, [&] { one.stop(); }});
  require(one.unwound == 1, "a stop before, while or after it is queued unwinds the chain, once");
}
void stop_against_thread() {
  chain one;
  one.start();
  threads({[&] { one.serve(); }, [&] { one.stop(); }});
  require(one.unwound + one.resumed == 1, "the chain goes on once");
}
void start_stop_and_thread() {
  chain one;
  threads({[&] { one.start(); }, [&] { one.serve(); }, [&] { one.stop(); }});
  require(one.unwound + one.resumed == 1, "the chain goes on once");
}
void report_against_start() {
  chain one;
  threads({[&] { one.start(); },
           [&] {
             std::string text;
             if (auto* const op = one.own.armed_op_or_null()) rt::call::describe_call(*op, 0, text);
           }});
}

// A task, its function on a thread of the crew, and a stop from outside.
void task_is_stopped() {
  rt::engine home(engine_of(1, 1));
  plain<int> ran, resumed;
  const auto body = [&]() -> task<> {
    const auto function = [&ran] { ++ran; };
    co_await spawn_blocking(function);
    require(ran == 1, "the task sees what its function did");
    ++resumed;
  };
  auto handle = detail::spawn_on(home, body);
  threads({[&] { handle.request_stop(); }});
  home.stop();
  require(ran == resumed, "what ran is resumed, what did not is unwound");
}

// The runtime ends while two tasks share one thread: what is queued is dropped, what runs is waited for.
void end_of_the_runtime() {
  plain<int> ran, resumed;
  {
    rt::engine home(engine_of(1, 1));
    const auto body = [&]() -> task<> {
      const auto function = [&ran] { ++ran; };
      co_await spawn_blocking(function);
      ++resumed;
    };
    auto first = detail::spawn_on(home, body);
    auto second = detail::spawn_on(home, body);
    home.stop();
  }
  require(ran == resumed, "what ran is resumed, what did not is unwound");
}

constexpr bounds usual{.most_exhaustive = 12'000, .random = 2'000, .time_passes = false};

const registered armed("stop_against_start", "a stop is not lost between arming and the queue",
                       {.preemptions = 4}, stop_against_start);
const registered served("stop_against_thread", "run and resumed, or neither", {.preemptions = 4},
                        stop_against_thread);
const registered three("start_stop_and_thread", "all at once", {.preemptions = 3}, start_stop_and_thread);
const registered described("report_against_start", "a report reads a queue that is published",
                           {.preemptions = 4}, report_against_start);
const registered stopped("task_is_stopped", "a function, its task and a stop", usual, task_is_stopped);
const registered ended("end_of_the_runtime", "functions, their tasks and the runtime's end", usual,
                       end_of_the_runtime);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
