// fork_queue: whatever owner and thieves do at once, each item is handed out exactly once, with what it carries.
//
// A queue that replaces it keeps these models: change `queue_of` only.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include "weft/model/model.h"
#include "weft/rt/work/fork_queue.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using queue_of = rt::fork_queue;

struct item : rt::job {
  plain<int> carries;
};

// Items, and how often each was handed out.
template <std::size_t N>
struct ledger {
  std::array<item, N> items;
  std::array<int, N> taken{};

  [[nodiscard]] const item* at(std::size_t index) const { return &items[index]; }
  void push(queue_of& queue, std::size_t index) {
    items[index].carries = static_cast<int>(index) + 100;
    queue.push(items[index]);
  }
  void take(rt::job* job) {
    if (job == nullptr) return;
    auto* const one = static_cast<item*>(job);
    const auto index = static_cast<std::size_t>(one - items.data());
    require(index < N, "only what was pushed is handed out");
    require(one->carries == static_cast<int>(index) + 100, "an item arrives with what it carries");
    require(++taken[index] == 1, "no item is handed out twice");
  }
  void all_taken(queue_of& queue) {
    while (rt::job* left = queue.pop()) take(left);
    require(queue.empty(), "an emptied queue is empty");
    for (const int times : taken) require(times == 1, "no item is lost");
  }
};

// The owner pushes and pops; each thief steals so often.
template <std::size_t N>
void owner_and_thieves(std::size_t capacity, std::size_t pops, std::size_t thieves, std::size_t steals) {
  queue_of queue(capacity);
  ledger<N> all;
  std::vector<std::function<void()>> bodies;
  bodies.push_back([&] {
    for (std::size_t i = 0; i < N; ++i) all.push(queue, i);
    for (std::size_t i = 0; i < pops; ++i) all.take(queue.pop());
  });
  for (std::size_t i = 0; i < thieves; ++i) {
    bodies.push_back([&] {
      for (std::size_t j = 0; j < steals; ++j) all.take(queue.steal());
    });
  }
  threads(std::move(bodies));
  all.all_taken(queue);
}

// Push, pop and push again: slots are used a second time while a thief reads them.
void wrap_around() {
  queue_of queue(2);
  ledger<5> all;
  threads({[&] {
             all.push(queue, 0);
             all.push(queue, 1);
             all.take(queue.pop());
             all.push(queue, 2);
             all.take(queue.pop());
             all.push(queue, 3);
             all.push(queue, 4);
           },
           [&] {
             all.take(queue.steal());
             all.take(queue.steal());
           }});
  all.all_taken(queue);
}

// After pop_for_sure() null is a promise: a thief has it. A closure is waited for then. The first item is taken before, so
// that the thief may look at an old end of the queue.
void meeting() {
  queue_of queue(2);
  ledger<2> all;
  threads({[&] {
             all.push(queue, 0);
             all.take(queue.pop());
             all.push(queue, 1);
             all.take(queue.pop_for_sure());
           },
           [&] { all.take(queue.steal()); }});
  require(all.taken[1] == 1, "the owner or the thief has it");
  all.all_taken(queue);
}

// A thief takes all it can into its own queue, from which another one takes.
void steal_into() {
  queue_of queue(4);
  queue_of other(4);
  ledger<3> all;
  for (std::size_t i = 0; i < 3; ++i) all.push(queue, i);
  threads({[&] {
             all.take(queue.pop());
             all.take(queue.pop());
           },
           [&] {
             rt::job* const oldest = queue.steal_into(other);
             require(oldest == nullptr || oldest == all.at(0), "the oldest first");
             all.take(oldest);
             all.take(other.pop());
           },
           [&] { all.take(other.steal()); }});
  while (rt::job* left = other.pop()) all.take(left);
  all.all_taken(queue);
}

// What stands below the mark is not taken, whoever else is at it.
void steal_above() {
  queue_of queue(4);
  ledger<2> all;
  all.push(queue, 0);
  const std::int64_t mark = queue.mark();
  all.push(queue, 1);
  threads({[&] {
             all.take(queue.pop());
             all.take(queue.pop());
           },
           [&] {
             rt::job* const above = queue.steal_above(mark);
             require(above != all.at(0), "it stands below the mark");
             all.take(above);
           },
           [&] { all.take(queue.steal()); }});
  all.all_taken(queue);
}

// pop_within() gives the one that was pushed last, unless a thief was faster; never another one.
void pop_within() {
  queue_of queue(2);
  ledger<2> all;
  all.push(queue, 0);
  all.push(queue, 1);
  threads({[&] {
             const item* const youngest = all.at(1);
             rt::job* const popped = queue.pop_within(youngest, youngest + 1);
             require(popped == nullptr || popped == youngest,
                     "pop_within() gives what was asked for, or nothing");
             all.take(popped);
             require(popped == nullptr || queue.pop_within(youngest, youngest + 1) == nullptr,
                     "it is taken once");
             all.take(queue.pop());
           },
           [&] { all.take(queue.steal()); }, [&] { all.take(queue.steal()); }});
  all.all_taken(queue);
}

constexpr bounds deep{.preemptions = 3, .most_exhaustive = 300'000};

const registered one_thief("one_thief", "each item is handed out once", deep,
                           [] { owner_and_thieves<2>(2, 2, 1, 2); });
const registered two_thieves("two_thieves", "each item is handed out once", deep,
                             [] { owner_and_thieves<2>(2, 1, 2, 1); });
const registered growth("growth", "a thief that reads an outgrown ring gets the right item", deep,
                        [] { owner_and_thieves<3>(1, 1, 1, 2); });
const registered wrapping("wrapping", "a slot is used again only after its reader has left", deep,
                          wrap_around);
const registered meet("meet", "null means that a thief has it, where one asks for sure", deep, meeting);
const registered into("into", "several at once, each of them once", deep, steal_into);
const registered above("above", "nothing below the mark is taken", deep, steal_above);
const registered within("within", "pop_within() takes what was asked for, or nothing", deep, pop_within);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
