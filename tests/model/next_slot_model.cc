// next_slot: what is put there is taken by its owner or by a thief, exactly once, with what it carries.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include "weft/model/model.h"
#include "weft/rt/work/next_slot.h"

namespace weft::inline WEFT_ABI::model {
namespace {

struct item : rt::job {
  plain<int> carries;
};

struct ledger {
  std::array<item, 3> items;
  std::array<int, 3> taken{};

  void put(rt::next_slot& slot, std::size_t index) {
    items[index].carries = static_cast<int>(index) + 100;
    if (!slot.put(items[index])) take(&items[index]);  // goes elsewhere
  }
  void take(rt::job* job) {
    if (job == nullptr) return;
    auto* const one = static_cast<item*>(job);
    const auto index = static_cast<std::size_t>(one - items.data());
    require(one->carries == static_cast<int>(index) + 100, "a job arrives with what it carries");
    require(++taken[index] == 1, "no job is handed out twice");
  }
};

void owner_and_thieves() {
  rt::next_slot slot;
  ledger all;
  threads({[&] {
             all.put(slot, 0);
             all.take(slot.take());
             all.put(slot, 1);
             all.put(slot, 2);
           },
           [&] { all.take(slot.steal()); }, [&] { all.take(slot.steal()); }});
  all.take(slot.take());
  for (const int times : all.taken) require(times == 1, "no job is lost");
}

constexpr bounds usual{.most_exhaustive = 40'000, .random = 2'000};

const registered race("owner_and_thieves", "a job in the slot is taken once", usual, owner_and_thieves);

}  // namespace
}  // namespace weft::inline WEFT_ABI::model
