// What a model is written with. See docs/model_checking.md.
//
//     void owner_against_thief() {
//       rt::fork_queue queue(2);
//       threads({[&] { queue.push(one); }, [&] { stolen = queue.steal(); }});
//       require(stolen == nullptr || stolen == &one, "a thief gets what was pushed");
//     }
//     const registered model_1("owner_against_thief", "each item is handed out once", {.preemptions = 3}, owner_against_thief);
//
// A body builds the state, lets threads run, and judges the result. It is run many times, so it keeps nothing
// in statics, and depends on nothing but the explorer's choices.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "weft/model/atomic.h"
#include "weft/model/explorer.h"
#include "weft/model/plain.h"

namespace weft::inline WEFT_ABI::model {

struct model_case {
  std::string name;
  std::string claim;
  bounds within;
  std::function<void()> body;
};

// All models of this program, in the order in which they stand in the file.
std::vector<model_case>& all_models();

struct registered {
  registered(std::string name, std::string claim, bounds within, std::function<void()> body) {
    all_models().push_back({std::move(name), std::move(claim), within, std::move(body)});
  }
};

// Starts them, and waits for the end of all.
inline void threads(const std::vector<std::function<void()>>& bodies,
                    std::source_location at = std::source_location::current()) {
  std::vector<std::size_t> started;
  for (const auto& each : bodies) started.push_back(explorer::get().start_thread(each));
  for (const std::size_t each : started) explorer::get().wait_for_end(each, at);
}

inline void require(bool is_met, const char* words,
                    std::source_location at = std::source_location::current()) {
  if (!is_met) explorer::get().fail(std::string("not met: ") + words, at);
}

// Blocks until another thread calls set(); what was done before it is seen afterwards. Each wait uses up the
// signals so far, as a read of an eventfd does.
class signal {
 public:
  void set(std::source_location at = std::source_location::current()) {
    explorer::get().point();
    content_.give();
    is_set_ = true;
    if (explorer::get().is_traced()) explorer::get().note("signal", at);
  }
  // Uses up the signals so far, if there are any, without waiting.
  void look(std::source_location at = std::source_location::current()) {
    explorer::get().point();
    if (!std::exchange(is_set_, false)) return;
    content_.take();
    if (explorer::get().is_traced()) explorer::get().note("uses up a signal", at);
  }
  // `has_limit`: at the latest until nobody else can go on. True: there was a signal.
  bool wait(bool has_limit, std::source_location at = std::source_location::current()) {
    explorer::get().wait_until(
        [](const void* self) noexcept { return static_cast<const signal*>(self)->is_set_; }, this, "a signal",
        at, has_limit);
    content_.take();
    if (explorer::get().is_traced())
      explorer::get().note(is_set_ ? "has a signal" : "has waited long enough", at);
    return std::exchange(is_set_, false);
  }

 private:
  bool is_set_ = false;
  handed_over content_;
};

}  // namespace weft::inline WEFT_ABI::model
