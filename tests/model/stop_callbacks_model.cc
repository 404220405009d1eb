// stop_callbacks: whoever joins, leaves, is freed and is called at once, each function is called once or its owner is
// told that the stop was asked for before; and nothing is touched that its owner has freed.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "weft/model/model.h"
#include "weft/rt/work/stop_callbacks.h"
#include "weft/stop_source.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct listener : rt::stop_callbacks::entry {
  listener() : entry(&on_stop) {}
  static void on_stop(entry& self) noexcept {
    auto& own = static_cast<listener&>(self);
    ++own.calls;
    explorer::get().point();  // it takes a while
    ++own.calls;
    if (own.leaves_by_itself) {
      own.in->remove(own);
      delete &own;
    }
  }
  plain<int> calls;  // each counts two
  bool leaves_by_itself = false;
};

// As inplace_stop_callback: joins, or calls its function itself; leaves; is gone.
void join_against_request() {
  rt::stop_callbacks all;
  plain<int> before;
  threads({[&] {
             auto one = std::make_unique<listener>();
             const bool is_in = all.add(*one);
             if (!is_in) {
               require(all.is_requested(), "who is turned away sees that a stop was asked for");
               require(before == 1, "who is turned away sees what came before the request");
               return;
             }
             all.remove(*one);
             require(one->calls == 0 || one->calls == 2, "who has left was called to the end, or never");
           },
           [&] {
             before = 1;
             require(all.request(), "the only request is the first");
           }});
}

void nobody_is_forgotten() {
  rt::stop_callbacks all;
  listener one;
  bool is_in = false;
  threads({[&] { is_in = all.add(one); }, [&] { static_cast<void>(all.request()); }});
  require((one.calls == 2) == is_in, "who has joined is called, once");
  require(!all.has_any(), "nobody is left");
  if (is_in) all.remove(one);
}

// One of two leaves and is freed while they are called.
void leaves_against_request() {
  rt::stop_callbacks all;
  auto early = std::make_unique<listener>();
  listener late;
  require(all.add(*early) && all.add(late), "nobody has asked");
  threads({[&] {
             all.remove(*early);
             require(early->calls == 0 || early->calls == 2, "who has left was called to the end, or never");
             early.reset();
           },
           [&] { static_cast<void>(all.request()); }});
  require(late.calls == 2, "the other one is called");
  all.remove(late);
}

// Its own function takes it out, and frees it, while a neighbour leaves.
void leaves_from_inside() {
  rt::stop_callbacks all;
  auto* const own = new listener;
  own->leaves_by_itself = true;
  auto other = std::make_unique<listener>();
  require(all.add(*own) && all.add(*other), "nobody has asked");
  threads({[&] { static_cast<void>(all.request()); },
           [&] {
             all.remove(*other);
             other.reset();
           }});
}

void two_requests() {
  rt::stop_callbacks all;
  listener one;
  require(all.add(one), "nobody has asked");
  std::array<bool, 2> is_first{};
  threads({[&] { is_first[0] = all.request(); }, [&] { is_first[1] = all.request(); }});
  require(is_first[0] != is_first[1], "one of two requests is the first");
  require(one.calls == 2, "two requests call once");
  all.remove(one);
}

// The flag, read without the lock, as tokens do.
void flag() {
  rt::stop_callbacks all;
  plain<int> before;
  threads({[&] {
             before = 1;
             static_cast<void>(all.request());
           },
           [&] {
             if (all.is_requested()) require(before == 1, "the flag publishes what came before the request");
           }});
}

const registered join("join_against_request", "joined and left, or told, while a stop is asked for",
                      {.preemptions = 4}, join_against_request);
const registered all_called("nobody_is_forgotten", "called once, or told", {.preemptions = 4},
                            nobody_is_forgotten);
const registered leave("leaves_against_request", "who has left may be freed", {.preemptions = 3},
                       leaves_against_request);
const registered inside("leaves_from_inside", "a function may free its own entry", {.preemptions = 3},
                        leaves_from_inside);
const registered two("two_requests", "the second request does nothing", {.preemptions = 4}, two_requests);
const registered seen("flag", "the flag publishes", {.preemptions = 4}, flag);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
