// control_word: between an operation, an event, a stop's kick and a close, no edge is lost, one party at a time
// holds a direction, and the descriptor is closed for good once.
//
// The operations that use it in earnest are in readiness_model.cc.
// SPDX-License-Identifier: Apache-2.0
#include "weft/model/model.h"
#include "weft/rt/reactor/control_word.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using rt::control_word;
using rt::direction;

constexpr std::uint32_t generation = 5;

// A descriptor and one reader of it.
struct record {
  control_word control;
  plain<int> waiting;             // who waits: belongs to who holds the direction
  plain<int> file{3};             // what the system calls are made on
  rt::mutex in_kernel;            // a call that finds nothing comes before the event that follows it
  bool has_arrived = false;       // guarded by in_kernel
  rt::atomic<int> stop_asked{0};  // by exchanges, as scope's word is
  int outcomes = 0;               // how often the operation was ended or handed out
  int closes = 0;

  record() { control.open(generation); }

  void close_for_good() {
    file = -1;
    ++closes;
  }
  void release(bool is_drained) {
    if (control.release(direction::read, is_drained)) close_for_good();
  }
  bool receives() {
    const rt::lock_guard<rt::mutex> guard(in_kernel);
    return has_arrived;
  }
  // Holding the direction: looks for data, and waits again where there is none.
  void attempt() {
    for (;;) {
      if (stop_asked.fetch_or(0, std::memory_order_acq_rel) != 0 || receives()) {
        require(file == 3, "the descriptor is open as long as it is held");
        ++outcomes;
        release(false);
        return;
      }
      waiting = 1;
      switch (control.publish(direction::read)) {
        case control_word::published::waiting:
          return;
        case control_word::published::closed:
          ++outcomes;
          release(false);
          return;
        case control_word::published::try_again:
          break;
      }
    }
  }
  void start() {
    switch (control.claim(generation, direction::read)) {
      case control_word::claimed::may_try:
      case control_word::claimed::must_wait:
        attempt();
        return;
      case control_word::claimed::busy:
        require(false, "nobody else reads");
        return;
      case control_word::claimed::gone:
        ++outcomes;
        return;
    }
  }
  void taken() {
    require(waiting == 1, "who takes an operation out finds it written down");
    attempt();
  }
  void event() {
    {
      const rt::lock_guard<rt::mutex> guard(in_kernel);
      has_arrived = true;
    }
    if (control.notify(generation, {.may_read = true}).read) taken();
  }
  void stop() {
    stop_asked.fetch_or(1, std::memory_order_acq_rel);
    if (control.kick(generation, direction::read)) taken();
  }
  void close() {
    rt::taken_directions of;
    if (!control.close_and_pin(generation, of)) return;
    if (of.read) {
      require(waiting == 1, "who takes an operation out finds it written down");
      ++outcomes;
    }
    if (control.unpin()) close_for_good();
  }
};

void event_against_start() {
  record one;
  threads({[&] { one.start(); }, [&] { one.event(); }});
  require(one.outcomes == 1, "an event before, while or after the operation waits ends it");
}
void event_and_stop() {
  record one;
  threads({[&] { one.start(); }, [&] { one.event(); }, [&] { one.stop(); }});
  require(one.outcomes == 1, "an operation ends once");
}
void stop_only() {
  record one;
  threads({[&] { one.start(); }, [&] { one.stop(); }});
  require(one.outcomes == 1, "a stop before, while or after the operation waits ends it");
}
void close_against_all() {
  record one;
  threads({[&] { one.start(); }, [&] { one.event(); }, [&] { one.close(); }});
  require(one.outcomes == 1, "an operation ends once");
  require(one.closes == 1, "a descriptor is closed once");
}
void two_closers_and_a_pin() {
  record one;
  threads({[&] { one.close(); }, [&] { one.close(); },
           [&] {
             if (!one.control.pin(generation)) return;
             require(one.file == 3, "a pinned descriptor is open");
             if (one.control.unpin()) one.close_for_good();
           }});
  require(one.closes == 1, "a descriptor is closed once");
}
// One operation after the other: the next holder sees what the one before has done.
void handed_on() {
  record one;
  plain<int> buffer;
  const auto read = [&] {
    const control_word::claimed got = one.control.claim(generation, direction::read);
    if (got == control_word::claimed::busy) return;
    ++buffer;
    one.release(true);
  };
  threads({read, read, [&] { static_cast<void>(one.control.notify(generation, {.may_read = true})); }});
}

constexpr bounds wide{.most_exhaustive = 250'000};

const registered start("event_against_start", "no edge is lost", {.preemptions = 3}, event_against_start);
const registered both("event_and_stop", "event and stop hand the operation out once", wide, event_and_stop);
const registered stop("stop_only", "a kick reaches who tries or waits", {.preemptions = 3}, stop_only);
const registered close("close_against_all", "close takes out who waits, and the last one closes", wide,
                       close_against_all);
const registered pins("two_closers_and_a_pin", "the last of pins and closers closes, once", wide,
                      two_closers_and_a_pin);
const registered hand("handed_on", "a direction hands over what its holder has done", wide, handed_on);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
