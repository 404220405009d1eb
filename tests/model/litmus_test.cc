// The explorer itself: what C++20 allows and this claims to show is found, what C++20 forbids is not; and each kind of
// failure is reported as what it is, and replays.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>

#include "weft/model/heap.h"
#include "weft/model/search.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using order = std::memory_order;
using word = rt::atomic<int>;

constexpr order relaxed = order::relaxed, acquire = order::acquire, release = order::release,
                consistent = order::seq_cst;

// `outcome` fails the execution: so "found" means that it can happen.
void outcome(bool is_it) {
  require(!is_it, "the outcome");
}

void store_buffering(order how) {
  word x{0}, y{0};
  int a = 1, b = 1;
  threads({[&] {
             x.store(1, how);
             a = y.load(how);
           },
           [&] {
             y.store(1, how);
             b = x.load(how);
           }});
  outcome(a == 0 && b == 0);
}
void message_passing(order publish, order receive) {
  word data{0}, flag{0};
  bool is_stale = false;
  threads({[&] {
             data.store(1, relaxed);
             flag.store(1, publish);
           },
           [&] { is_stale = flag.load(receive) == 1 && data.load(relaxed) == 0; }});
  outcome(is_stale);
}
void same_word_twice() {
  word x{0};
  bool is_back = false;
  threads({[&] { x.store(1, relaxed); },
           [&] {
             const int first = x.load(relaxed);
             is_back = first == 1 && x.load(relaxed) == 0;
           }});
  outcome(is_back);
}
void readers_disagree(order write, order look) {
  word x{0}, y{0};
  bool one = false, two = false;
  threads({[&] { x.store(1, write); }, [&] { y.store(1, write); },
           [&] {
             const int first = x.load(look);
             one = first == 1 && y.load(look) == 0;
           },
           [&] {
             const int first = y.load(look);
             two = first == 1 && x.load(look) == 0;
           }});
  outcome(one && two);
}
void through_an_exchange(order middle) {
  word data{0}, flag{0};
  bool is_stale = false;
  threads({[&] {
             data.store(1, relaxed);
             flag.store(1, release);
           },
           [&] { flag.fetch_add(1, middle); },
           [&] { is_stale = flag.load(acquire) == 2 && data.load(relaxed) == 0; }});
  outcome(is_stale);
}
void through_a_store() {
  word data{0}, flag{0};
  bool is_stale = false;
  threads({[&] {
             data.store(1, relaxed);
             flag.store(1, release);
             flag.store(2, relaxed);
           },
           [&] { is_stale = flag.load(acquire) == 2 && data.load(relaxed) == 0; }});
  outcome(is_stale);
}
void exchanges_add_up() {
  word x{0};
  threads({[&] { x.fetch_add(1, relaxed); }, [&] { x.fetch_add(1, relaxed); }});
  outcome(x.load(relaxed) != 2);
}
// A relaxed load in front of a consistent one: the later may be done first.
void later_load_first(order first_load) {
  word x{0}, y{0};
  int a = 0, b = 0;
  threads({[&] {
             y.store(1, consistent);
             x.store(1, consistent);
           },
           [&] {
             a = x.load(first_load);
             b = y.load(consistent);
           }});
  outcome(a == 1 && b == 0);
}

void race(bool is_ordered) {
  plain<int> data;
  word flag{0};
  threads({[&] {
             data = 1;
             flag.store(1, is_ordered ? release : relaxed);
           },
           [&] {
             if (flag.load(acquire) == 1) static_cast<void>(data.get());
           }});
}
void deadlock() {
  rt::mutex one, two;
  const auto both = [](rt::mutex& first, rt::mutex& second) {
    const rt::lock_guard<rt::mutex> outer(first);
    const rt::lock_guard<rt::mutex> inner(second);
  };
  threads({[&] { both(one, two); }, [&] { both(two, one); }});
}
void lost_wake_up() {
  rt::mutex lock;
  rt::condition_variable changed;
  bool is_set = false;
  threads({[&] {
             std::unique_lock<rt::mutex> guard(lock);
             const bool must_wait = !is_set;
             guard.unlock();
             guard.lock();
             if (must_wait) changed.wait(guard);
           },
           [&] {
             const rt::lock_guard<rt::mutex> guard(lock);
             is_set = true;
             changed.notify_one();
           }});
}
void use_after_free() {
  auto shared = std::make_unique<word>(0);
  threads({[&, raw = shared.get()] { raw->store(1, relaxed); }, [&] { shared.reset(); }});
}
void leak() {
  [[maybe_unused]] int* volatile const dropped = new int(1);
}
void spins() {
  word x{0};
  threads({[&] {
    while (x.load(relaxed) == 0) give_way();
  }});
}
void waits_for_a_store() {
  word x{0};
  threads({[&] {
             while (x.load(relaxed) == 0) give_way();
           },
           [&] { x.store(1, relaxed); }});
}

int wrong = 0;

void expect(const char* name, const char* failure, const std::function<void()>& body) {
  const model_case one{name, "", {.preemptions = 3, .stale_loads = 4}, body};
  const bool is_wanted = failure[0] != '\0';
  const finding found = search_all(one, one.within);
  bool is_right = found.has_failed == is_wanted && found.why.find(failure) != std::string::npos;
  if (found.has_failed) {
    bounds unlimited = one.within;
    unlimited.preemptions = unlimited.stale_loads = 1000;
    is_right = is_right && replay(one, unlimited, found.path).why == found.why;
  } else {
    is_right = is_right && found.is_complete;
  }
  // Chance finds the same, and no more.
  const finding by_chance = search_randomly(one, one.within, 1);
  is_right = is_right && by_chance.has_failed == is_wanted;
  std::printf("%-44s %s%s\n", name, found.has_failed ? "found" : "not found", is_right ? "" : ": WRONG");
  if (!is_right) {
    std::printf("  %s\n", found.why.c_str());
    ++wrong;
  }
}

int run() {
  constexpr const char *seen = "the outcome", *never = "";
  expect("store buffering, release-acquire", seen, [] {
    word x{0}, y{0};
    int a = 1, b = 1;
    threads({[&] {
               x.store(1, release);
               a = y.load(acquire);
             },
             [&] {
               y.store(1, release);
               b = x.load(acquire);
             }});
    outcome(a == 0 && b == 0);
  });
  expect("store buffering, relaxed", seen, [] { store_buffering(relaxed); });
  expect("store buffering, consistent", never, [] { store_buffering(consistent); });
  expect("message passing, release-acquire", never, [] { message_passing(release, acquire); });
  expect("message passing, store relaxed", seen, [] { message_passing(relaxed, acquire); });
  expect("message passing, load relaxed", seen, [] { message_passing(release, relaxed); });
  expect("one word goes back", never, same_word_twice);
  expect("readers disagree, release-acquire", seen, [] { readers_disagree(release, acquire); });
  expect("readers disagree, all consistent", never, [] { readers_disagree(consistent, consistent); });
  expect("an exchange passes a release on", never, [] { through_an_exchange(relaxed); });
  expect("a store ends a release sequence", seen, through_a_store);
  expect("exchanges add up", never, exchanges_add_up);
  expect("relaxed, then consistent: out of order", seen, [] { later_load_first(relaxed); });
  expect("consistent, then consistent: in order", never, [] { later_load_first(consistent); });
  expect("a race", "data race", [] { race(false); });
  expect("no race", never, [] { race(true); });
  expect("a deadlock", "all threads wait", deadlock);
  expect("a lost wake-up", "all threads wait", lost_wake_up);
  expect("a use after free", "destr", use_after_free);
  expect("a leak", "leak", leak);
  expect("spinning for ever", "all threads wait", spins);
  expect("spinning until a store", never, waits_for_a_store);
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::model

int main() {
  if (weft::model::under_thread_sanitizer) return 0;  // see main.cc
  return weft::model::run();
}
