// run_queue: what is pushed is popped, stolen or handed back as overflow, exactly once, with what it carries.
//
// A model build has queues of four.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include "weft/model/model.h"
#include "weft/rt/work/run_queue.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct item : rt::job {
  plain<int> carries;
};

template <std::size_t N>
struct ledger {
  std::array<item, N> items;
  std::array<int, N> taken{};

  void push(rt::run_queue& queue, std::size_t index) {
    items[index].carries = static_cast<int>(index) + 100;
    rt::job_list overflow;
    queue.push_or_overflow(items[index], overflow);
    while (rt::job* each = overflow.pop_front()) take(each);
  }
  void take(rt::job* job) {
    if (job == nullptr) return;
    auto* const one = static_cast<item*>(job);
    const auto index = static_cast<std::size_t>(one - items.data());
    require(index < N, "only what was pushed is handed out");
    require(one->carries == static_cast<int>(index) + 100, "a job arrives with what it carries");
    require(++taken[index] == 1, "no job is handed out twice");
  }
  void steal(rt::run_queue& from, rt::run_queue& mine) {
    if (mine.has_room_for_half()) take(from.steal_half_into(mine));
  }
  void take_all(rt::run_queue& queue) {
    while (rt::job* each = queue.pop()) take(each);
  }
  void all_taken(rt::run_queue& queue) {
    take_all(queue);
    for (const int times : taken) require(times == 1, "no job is lost");
  }
};

void owner_and_thief() {
  rt::run_queue queue;
  rt::run_queue mine;
  ledger<4> all;
  for (std::size_t i = 0; i < 3; ++i) all.push(queue, i);
  threads({[&] {
             all.take(queue.pop());
             all.push(queue, 3);
             all.take(queue.pop());
           },
           [&] {
             all.steal(queue, mine);
             all.take_all(mine);
           }});
  all.all_taken(queue);
}

// The owner wants a certain one, which a thief may have by then.
void owner_wants_one() {
  rt::run_queue queue;
  rt::run_queue mine;
  ledger<2> all;
  all.push(queue, 0);
  all.push(queue, 1);
  threads({[&] {
             for (const std::size_t wanted : {1u, 0u, 1u}) {
               if (queue.pop_if_oldest(all.items[wanted])) all.take(&all.items[wanted]);
             }
           },
           [&] {
             all.steal(queue, mine);
             all.take_all(mine);
           }});
  all.all_taken(queue);
}

// The queue is full, so the owner hands half of it back, while a thief takes half.
void overflow() {
  rt::run_queue queue;
  rt::run_queue mine;
  ledger<6> all;
  for (std::size_t i = 0; i < 4; ++i) all.push(queue, i);
  threads({[&] {
             all.push(queue, 4);
             all.push(queue, 5);
           },
           [&] {
             all.steal(queue, mine);
             all.take_all(mine);
           }});
  all.all_taken(queue);
}

// The slots are used a second time while a thief still reads them.
void wrapping() {
  rt::run_queue queue;
  rt::run_queue mine;
  ledger<6> all;
  for (std::size_t i = 0; i < 4; ++i) all.push(queue, i);
  threads({[&] {
             all.take(queue.pop());
             all.take(queue.pop());
             all.push(queue, 4);
             all.push(queue, 5);
           },
           [&] {
             all.steal(queue, mine);
             all.take_all(mine);
           }});
  all.all_taken(queue);
}

void two_thieves() {
  rt::run_queue queue;
  rt::run_queue first;
  rt::run_queue second;
  ledger<3> all;
  threads({[&] {
             for (std::size_t i = 0; i < 3; ++i) all.push(queue, i);
           },
           [&] {
             all.steal(queue, first);
             all.take_all(first);
           },
           [&] {
             all.steal(queue, second);
             all.take_all(second);
           }});
  all.all_taken(queue);
}

// A thief's own queue is robbed in its turn.
void chain_of_thieves() {
  rt::run_queue queue;
  rt::run_queue first;
  rt::run_queue second;
  ledger<4> all;
  for (std::size_t i = 0; i < 4; ++i) all.push(queue, i);
  threads({[&] {
             all.steal(queue, first);
             all.take_all(first);
           },
           [&] {
             all.steal(first, second);
             all.take_all(second);
           }});
  all.all_taken(queue);
}

// The thief reads head_, and then a tail_ that is a whole queue further: it must not fill its own queue by that.
void head_moves_far() {
  rt::run_queue queue;
  rt::run_queue mine;
  ledger<10> all;
  for (std::size_t i = 0; i < 4; ++i) all.push(queue, i);
  all.push(mine, 4);
  all.push(mine, 5);
  threads({[&] {
             for (int i = 0; i < 4; ++i) all.take(queue.pop());
             for (std::size_t i = 6; i < 10; ++i) all.push(queue, i);
           },
           [&] {
             all.steal(queue, mine);
             all.take_all(mine);
           }});
  all.all_taken(queue);
}

const registered owner("owner_and_thief", "each job once", {}, owner_and_thief);
const registered far("head_moves_far", "a thief fills no more than half of its own queue", {.preemptions = 1},
                     head_moves_far);
const registered wanted("owner_wants_one", "a job that its owner names is taken once", {}, owner_wants_one);
const registered full("overflow", "each job once, when the queue is full", {}, overflow);
const registered wrap("wrapping", "a slot is filled again only after its reader has left", {.preemptions = 3},
                      wrapping);
const registered two("two_thieves", "each job once, with two thieves", {}, two_thieves);
const registered chain("chain_of_thieves", "what was stolen can be stolen again", {.preemptions = 3},
                       chain_of_thieves);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
