// sleep: real workers, and the two places where an announcement alone does not do. A forked child is offered by a plain
// look, which may miss who falls asleep just then: the sentinel finds it. And a thief that does not count as searching
// may take several jobs home while the last searcher looks: it announces them.
//
// The whole argument is in docs/protocols/sleep_wake.md.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "weft/model/model.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/reactor/backend.h"
#include "weft/rt/scheduler/current.h"
#include "weft/rt/scheduler/scheduler.h"
#include "weft/rt/scheduler/worker.h"

extern "C" thread_local weft::rt::turn* weft_current_turn;

namespace weft::inline WEFT_ABI::model {
namespace {

// No more than an address here: workers carry it about.
rt::engine& no_engine() {
  alignas(64) static std::array<std::byte, 256> place;
  return reinterpret_cast<rt::engine&>(place);
}

struct errand : rt::job {
  explicit errand(std::function<void()> does) : body(std::move(does)) { run = &do_it; }
  static void do_it(rt::job& self, rt::turn&) noexcept { static_cast<errand&>(self).body(); }
  std::function<void()> body;
};

// A child is forked as fork_join forks it, and its parent keeps its worker until the child has begun. Rounds end.
void forked_child_is_found() {
  explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  rt::scheduler all(2, no_engine());
  require(!all.start("model"), "the threads start");
  signal begun;
  signal done;
  plain<int> written;
  errand child([&] {
    ++written;
    begun.set();
  });
  errand parent([&] {
    written = 1;
    all.fork(child);
    if (rt::this_turn().is_anybody_to_be_woken()) all.offer_forked();
    begun.wait(false);
    require(written == 2, "the child runs after what its parent did");
    done.set();
  });
  all.submit(parent);
  done.wait(false);
  all.close();
}

// Four workers. V, a puppet, has three jobs in its queue and takes the last of them itself. W is real: it is awake and
// finds that enough are searching, so it looks once, uncounted. Y, a puppet that searches, finds something else; X, a
// puppet too, has searched in vain and falls asleep meanwhile. All three jobs must begin while W keeps its first one.
void taken_home_by_an_uncounted_thief() {
  constexpr std::size_t w = 0, x = 1, v = 2, workers = 4;
  explorer::get().keep_per_thread(reinterpret_cast<void**>(&weft_current_turn));
  rt::workplace place(workers);
  for (std::size_t i = 0; i <= v; ++i) {  // Y needs none
    std::unique_ptr<rt::backend> io;
    require(!rt::make_backend(rt::backend_kind::system_default, io), "a backend is made");
    place.stations.push_back(std::make_unique<rt::station>(std::move(io)));
  }
  rt::scheduler home(1, no_engine());
  rt::worker real(w, place, home, &no_engine());

  signal all_begun;
  rt::atomic<int> left{3};
  const auto begin = [&] {
    if (left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    all_begun.set();
    place.is_closing.store(true, std::memory_order_release);
    for (const auto& each : place.stations) each->events.wake();
  };
  bool is_kept = false;
  std::vector<std::unique_ptr<errand>> jobs;
  rt::job_list overflow;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(std::make_unique<errand>([&] {
      begin();
      const bool is_in_w = rt::this_turn().self == &real;
      if (is_in_w && !std::exchange(is_kept, true)) all_begun.wait(false);
    }));
    place.stations[v]->ready.push_or_overflow(*jobs.back(), overflow);
  }
  require(place.sleepers.start_searching() && place.sleepers.start_searching(), "X and Y search");

  threads({[&] { real.run(); },
           [&] {
             rt::find_work finder(x, place.stations, place.shared);
             require(!place.sleepers.stop_searching(), "X still searches when Y has found something else");
             rt::reactor& own = place.stations[x]->events;
             bool is_searching = true;
             for (;;) {  // worker::sleep_until_work and step, without rounds, duties and pauses
               for (rt::backoff pause; !own.try_sit();) pause.pause();
               static_cast<void>(place.sleepers.park(x, is_searching));
               rt::job_list ready;
               const bool is_over = place.is_closing.load(std::memory_order_acquire);
               const bool is_any_left = finder.is_any_left();
               if (!is_any_left && !is_over) own.wait(-1, ready);
               own.stand_up();
               is_searching = place.sleepers.unpark(x).was_taken;
               if (is_over && !is_any_left) return;
               for (rt::job* found = finder.steal(); found != nullptr; found = finder.next()) {
                 if (std::exchange(is_searching, false)) static_cast<void>(place.sleepers.stop_searching());
                 if (finder.is_any_left()) place.wake_one();
                 begin();
               }
             }
           },
           [&] {
             if (place.stations[v]->ready.pop() != nullptr) begin();
           }});
  require(left.load(std::memory_order_acquire) == 0, "all have begun");
}

const registered child("forked_child_is_found",
                       "a child that a plain look did not announce is found by the sentinel",
                       {.preemptions = 2, .most_exhaustive = 20'000, .random = 4'000}, forked_child_is_found);
const registered home("taken_home_by_an_uncounted_thief",
                      "what a thief takes home is seen by who falls asleep",
                      {.preemptions = 3, .most_exhaustive = 40'000, .random = 20'000, .time_passes = false},
                      taken_home_by_an_uncounted_thief);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
