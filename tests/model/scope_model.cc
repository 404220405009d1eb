// scope: whatever arming, completion and a stop do at once, the scope's job is handed out once, by somebody who is
// ordered after all that used the operation; and a stop is never lost.
//
// The operation below waits in a slot of one place, with the mark that every queue keeps for a stop that comes before
// its waiter. Joins, which forward a stop, are in joins_model.cc.
// SPDX-License-Identifier: Apache-2.0
#include "weft/model/model.h"
#include "weft/rt/work/scope.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct chain;

struct slot_op : rt::leaf_op {
  slot_op(chain& in);
  static rt::cancel_outcome on_cancel(rt::leaf_op& self, rt::job_list& ready) noexcept;
  static constexpr rt::leaf_kind kind{"a slot", &on_cancel};
  chain& of;
  plain<int> touched;
};

struct chain {
  rt::scope own;
  rt::frame leaf{std::source_location::current()};
  rt::mutex lock;
  slot_op* queued = nullptr;  // these two: guarded by lock
  bool is_barred = false;
  slot_op* op = nullptr;
  int resumed = 0;
  int unwound = 0;

  ~chain() {
    if (resumed + unwound == 0) delete op;  // nobody came
  }

  // Where the job goes that somebody hands out. The coroutine would go on, and the operation is gone.
  void run_job(bool is_stopped) {
    ++op->touched;
    delete op;
    require(own.at == &leaf, "the job finds the frame where the chain waits");
    ++(is_stopped ? unwound : resumed);
  }

  void wait() {
    op = new slot_op(*this);
    if (!own.arm(*op, leaf)) {
      run_job(true);  // a stop was faster
      return;
    }
    {
      const rt::lock_guard<rt::mutex> guard(lock);
      if (!is_barred) {
        ++op->touched;
        queued = op;
        return;  // the operation may be gone
      }
    }
    own.to_unwind(leaf);
    if (own.finish()) run_job(true);
  }
  void complete() {
    slot_op* found;
    {
      const rt::lock_guard<rt::mutex> guard(lock);
      found = std::exchange(queued, nullptr);
      if (found == nullptr) return;
      ++found->touched;
    }
    if (own.finish()) run_job(false);
  }
  void stop() {
    rt::job_list ready;
    own.stop(ready);
    require(own.is_stopping(), "a stop is level-triggered");
    if (rt::job* const job = ready.pop_front()) {
      require(job == &own, "what is handed out is the scope's job");
      run_job(job->run == &rt::scope::unwind_job);
    }
    require(ready.empty(), "the job is handed out once");
  }
};

slot_op::slot_op(chain& in) : rt::leaf_op(kind, &in.own), of(in) {}

rt::cancel_outcome slot_op::on_cancel(rt::leaf_op& self, rt::job_list&) noexcept {
  auto& op = static_cast<slot_op&>(self);
  const rt::lock_guard<rt::mutex> guard(op.of.lock);
  ++op.touched;
  if (op.of.queued != nullptr) {
    op.of.queued = nullptr;
    return rt::cancel_outcome::taken;
  }
  op.of.is_barred = true;
  return rt::cancel_outcome::completing;
}

void stop_against_arm() {
  chain one;
  threads({[&] { one.wait(); }, [&] { one.stop(); }});
  require(one.unwound == 1 && one.resumed == 0,
          "a stop before, while or after arming unwinds the chain, once");
}
void stop_against_completion() {
  chain one;
  one.wait();
  threads({[&] { one.complete(); }, [&] { one.stop(); }});
  require(one.unwound + one.resumed == 1, "the job is handed out once");
}
void all_three() {
  chain one;
  threads({[&] { one.wait(); }, [&] { one.complete(); }, [&] { one.stop(); }});
  require(one.unwound + one.resumed == 1, "the job is handed out once");
}
void two_stops() {
  chain one;
  threads({[&] { one.wait(); }, [&] { one.stop(); }, [&] { one.stop(); }});
  require(one.unwound == 1, "two stops are one");
}

const registered arm("stop_against_arm", "a stop is not lost, whenever it comes", {.preemptions = 4},
                     stop_against_arm);
const registered end("stop_against_completion", "completed or stopped, once", {.preemptions = 4},
                     stop_against_completion);
const registered three("all_three", "armed, completed and stopped at once", {.preemptions = 3}, all_three);
const registered two("two_stops", "a second stop does nothing", {.preemptions = 3}, two_stops);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
