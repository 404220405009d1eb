#include "weft/model/memory.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "weft/model/explorer.h"
#include "weft/model/heap.h"

namespace weft::inline WEFT_ABI::model {
namespace {

using order = std::memory_order;

bool acquires(order how) noexcept {
  return how == order::acquire || how == order::acq_rel || how == order::seq_cst || how == order::consume;
}
bool releases(order how) noexcept {
  return how == order::release || how == order::acq_rel || how == order::seq_cst;
}
const char* name_of(order how) noexcept {
  switch (how) {
    case order::relaxed:
      return "relaxed";
    case order::consume:
    case order::acquire:
      return "acquire";
    case order::release:
      return "release";
    case order::acq_rel:
      return "acq_rel";
    default:
      return "seq_cst";
  }
}

}  // namespace

void memory::restart() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    words_[i].history.clear();
    words_[i].floors.clear();
  }
  count_ = 0;
  time_ = 0;
  writes_ = 0;
}

bool memory::catch_up() noexcept {
  view& knows = of_.knowledge();
  bool was_behind = false;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto newest = static_cast<std::uint16_t>(words_[i].history.size() - 1);
    was_behind |= knows.oldest[i] < newest;
    knows.oldest[i] = newest;
  }
  return was_behind;
}

word_id memory::create(std::uint64_t value, const place& at) {
  if (!of_.is_running()) return {};
  const own_memory ours;
  if (count_ == most_words) of_.fail("the model has too many atomics: view.h, most_words", at);
  const auto index = static_cast<std::uint32_t>(count_++);
  word& made = words_[index];
  made.is_alive = true;
  made.accessed = {};
  view& knows = of_.knowledge();
  ++knows.heard[of_.running()];
  made.accessed[of_.running()] = knows.heard[of_.running()];
  made.history.push_back({value, knows});
  return {word_id::alive, index};
}

void memory::destroy(word_id& id, const place& at) {
  if (!of_.is_running() || id.state == word_id::outside) return;
  word& dying = find(id, "destruction", at);
  const view& knows = of_.knowledge();
  for (std::size_t i = 0; i < most_threads; ++i) {
    if (knows.heard[i] < dying.accessed[i]) {
      of_.fail(
          "an atomic is destroyed, but an access to it by T" + std::to_string(i) + " is not ordered before",
          at);
    }
  }
  dying.is_alive = false;
  id.state = word_id::dead;
}

memory::word& memory::find(const word_id& id, const char* operation, const place& at) {
  if (id.state != word_id::alive) {
    of_.fail(std::string(id.state == word_id::dead ? "use after destruction: "
                                                   : "not an atomic of this execution: ") +
                 operation,
             at);
  }
  word& found = words_[id.index];
  if (!found.is_alive) of_.fail(std::string("use after destruction: ") + operation, at);
  const std::size_t self = of_.running();
  found.accessed[self] = ++of_.knowledge().heard[self];
  return found;
}

order memory::actual(order how, const char* operation, const place& at) {
  if (sites_ == nullptr && weakened_ == nullptr) return how;
  const site here{at.file_name(), at.line(), at.column(), operation, how};
  if (weakened_ != nullptr && here == *weakened_) return weakened_to_;
  if (sites_ != nullptr && how != order::relaxed &&
      std::find(sites_->begin(), sites_->end(), here) == sites_->end()) {
    const own_memory ours;
    sites_->push_back(here);
  }
  return how;
}

std::size_t memory::choose_store(const word& of, bool is_consistent) {
  const std::size_t newest = of.history.size() - 1;
  const auto index = static_cast<std::size_t>(&of - words_.data());
  std::size_t oldest = of_.knowledge().oldest[index];
  if (is_consistent) {
    for (const floor& each : of.floors) {
      if (each.time <= of_.knowledge().consistent) oldest = std::max<std::size_t>(oldest, each.store);
    }
  }
  if (oldest == newest || (!of_.is_random_ && of_.stale_loads_ >= of_.within_.stale_loads)) return newest;
  const unsigned back = of_.path_->choose(static_cast<unsigned>(newest - oldest + 1), 10);
  if (back != 0) ++of_.stale_loads_;
  return newest - back;
}

void memory::read(word& of, std::uint32_t index, std::size_t which, order how) {
  view& knows = of_.knowledge();
  knows.oldest[index] = std::max(knows.oldest[index], static_cast<std::uint16_t>(which));
  if (acquires(how)) knows.join(of.history[which].brings);
  if (how == order::seq_cst) take_consistent_place(of, which, false);
}

void memory::take_consistent_place(word& of, std::size_t which, bool is_write) {
  view& knows = of_.knowledge();
  for (const floor& each : of.floors) {
    if (each.store <= which) continue;
    // The latest place at which this could be read.
    knows.consistent = std::max<std::uint16_t>(knows.consistent, static_cast<std::uint16_t>(each.time - 1));
    return;
  }
  knows.consistent = ++time_;
  if (is_write || of.floors.empty() || of.floors.back().store < which) {
    const own_memory ours;
    of.floors.push_back({time_, static_cast<std::uint16_t>(which)});
  }
}

void memory::write(word& of, std::uint32_t index, std::uint64_t value, order how, const view* passed_on) {
  const own_memory ours;
  view& knows = of_.knowledge();
  const auto which = static_cast<std::uint16_t>(of.history.size());
  knows.oldest[index] = which;
  if (how == order::seq_cst) take_consistent_place(of, which, true);
  stored& made = of.history.emplace_back(stored{value, passed_on != nullptr ? *passed_on : view{}});
  if (releases(how)) made.brings.join(knows);
  made.brings.oldest[index] = which;
  ++writes_;
}

std::uint64_t memory::load(const word_id& id, order how, const place& at) {
  of_.point();
  word& of = find(id, "load", at);
  how = actual(how, "load", at);
  const std::size_t which = choose_store(of, how == order::seq_cst);
  read(of, id.index, which, how);
  const std::uint64_t value = of.history[which].value;
  if (of_.is_traced()) note("load", id, value, how, of.history.size() - 1 - which, at);
  return value;
}

void memory::store(const word_id& id, std::uint64_t value, order how, const place& at) {
  of_.point();
  word& of = find(id, "store", at);
  how = actual(how, "store", at);
  write(of, id.index, value, how, nullptr);
  if (of_.is_traced()) note("store", id, value, how, 0, at);
}

std::uint64_t memory::begin_exchange(const word_id& id, order how, const place& at) {
  of_.point();
  word& of = find(id, "exchange", at);
  read(of, id.index, of.history.size() - 1, actual(how, "exchange", at));
  return of.history.back().value;
}

void memory::end_exchange(const word_id& id, std::uint64_t value, order how, const char* what,
                          const place& at) {
  word& of = words_[id.index];
  how = actual(how, "exchange", at);
  const view passed_on = of.history.back().brings;
  write(of, id.index, value, how, &passed_on);
  if (of_.is_traced()) note(what, id, value, how, 0, at);
}

bool memory::compare_exchange(const word_id& id, std::uint64_t& expected, std::uint64_t desired, order how,
                              order on_failure, bool may_fail_spuriously, const place& at) {
  of_.point();
  word& of = find(id, "compare_exchange", at);
  how = actual(how, "exchange", at);
  on_failure = actual(on_failure, "failed exchange", at);
  const std::size_t newest = of.history.size() - 1;
  if (of.history[newest].value == expected) {
    // One spurious failure an execution: a second one finds nothing new.
    const bool fails = may_fail_spuriously && of_.spurious_failures_ == 0 && of_.path_->choose(2, 14) == 1;
    if (!fails) {
      read(of, id.index, newest, how);
      const view passed_on = of.history[newest].brings;
      write(of, id.index, desired, how, &passed_on);
      if (of_.is_traced()) note("exchanged", id, desired, how, 0, at);
      return true;
    }
    ++of_.spurious_failures_;
    read(of, id.index, newest, on_failure);
    if (of_.is_traced()) note("failed for nothing", id, expected, on_failure, 0, at);
    return false;
  }
  const std::size_t which = choose_store(of, on_failure == order::seq_cst);
  // An older store that has the expected value is no reason to fail.
  const std::size_t seen = of.history[which].value == expected ? newest : which;
  read(of, id.index, seen, on_failure);
  expected = of.history[seen].value;
  if (of_.is_traced()) note("failed to exchange", id, expected, on_failure, newest - seen, at);
  return false;
}

void memory::note(const char* what, const word_id& id, std::uint64_t value, order how, std::size_t age,
                  const place& at) {
  char text[160];
  std::snprintf(text, sizeof text, "#%u %s %s -> 0x%" PRIx64 "%s", id.index, what, name_of(how), value,
                age == 0   ? ""
                : age == 1 ? "  (old: 1 newer)"
                           : "  (older: several newer)");
  of_.note(text, at);
}

}  // namespace weft::inline WEFT_ABI::model
