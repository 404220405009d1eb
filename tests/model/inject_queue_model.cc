// inject_queue: each job once, oldest first for each pusher, and empty() misses nothing that its caller knows of.
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "weft/model/model.h"
#include "weft/rt/work/inject_queue.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct item : rt::job {
  plain<int> carries;
};

void pushers_and_poppers() {
  rt::inject_queue queue;
  std::array<item, 3> items;
  std::array<int, 3> taken{};
  const auto take = [&](rt::job* job) {
    if (job == nullptr) return;
    const auto index = static_cast<item*>(job) - items.data();
    require(static_cast<item*>(job)->carries == 7, "a job arrives with what it carries");
    require(++taken[static_cast<std::size_t>(index)] == 1, "no job is handed out twice");
  };
  threads({[&] {
             items[0].carries = 7;
             queue.push(items[0]);
           },
           [&] {
             items[1].carries = 7;
             items[2].carries = 7;
             rt::job_list both;
             both.push_back(items[1]);
             both.push_back(items[2]);
             queue.push_all(both);
             if (rt::job* const found = queue.pop()) {
               require(found != &items[2] || taken[1] == 1, "first in, first out");
               take(found);
             }
           },
           [&] {
             take(queue.pop());
             take(queue.pop());
           }});
  while (rt::job* left = queue.pop()) take(left);
  for (const int times : taken) require(times == 1, "no job is lost");
  require(queue.empty(), "an emptied queue is empty");
}

// What the head of empty() promises, and idle's proof rests on.
void empty_is_exact_after_a_meeting() {
  rt::inject_queue queue;
  item one;
  rt::atomic<int> met{0};
  threads({[&] {
             queue.push(one);
             met.store(1, std::memory_order_release);
           },
           [&] {
             if (met.load(std::memory_order_acquire) == 0) return;
             require(!queue.empty(), "who has met the pusher sees the job");
             require(queue.pop() == &one, "and gets it");
           }});
  static_cast<void>(queue.pop());
}

const registered all("pushers_and_poppers", "each job once, first in first out", {}, pushers_and_poppers);
const registered empty("empty_is_exact", "empty() is exact for who has met the pusher", {},
                       empty_is_exact_after_a_meeting);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
