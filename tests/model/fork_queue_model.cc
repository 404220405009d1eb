// fork_queue: whatever owner and thieves do at once, each item is handed out exactly once, with what it carries.
//
// A queue that replaces it keeps these models: change `queue_of` only.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

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
  ledger<4> all;
  threads({[&] {
             all.push(queue, 0);
             all.push(queue, 1);
             all.take(queue.pop());
             all.push(queue, 2);
             all.take(queue.pop());
             all.push(queue, 3);
           },
           [&] {
             all.take(queue.steal());
             all.take(queue.steal());
           }});
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
const registered within("within", "pop_within() takes what was asked for, or nothing", deep, pop_within);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
