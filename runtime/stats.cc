#include "weft/rt/stats.h"

#include <cstddef>

#include "weft/rt/scheduler/scheduler.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

// All fields, in the order in which they are written.
struct field {
  const char* name;
  std::uint64_t worker_stats::* value;
  tally worker_counters::* counter;  // null: counted elsewhere
};
constexpr field fields[] = {
    {"jobs", &worker_stats::jobs, &worker_counters::jobs},
    {"spawns", &worker_stats::spawns, &worker_counters::spawns},
    {"forks", &worker_stats::forks, nullptr},
    {"steals", &worker_stats::steals, &worker_counters::steals},
    {"failed steals", &worker_stats::failed_steals, &worker_counters::failed_steals},
    {"parks", &worker_stats::parks, &worker_counters::parks},
    {"wakes", &worker_stats::wakes, &worker_counters::wakes},
    {"for forks", &worker_stats::wakes_for_forks, &worker_counters::wakes_for_forks},
    {"overflowed", &worker_stats::overflowed, &worker_counters::overflowed},
    {"polls", &worker_stats::polls, nullptr},
    {"neighbours harvested", &worker_stats::neighbours_harvested, &worker_counters::neighbours_harvested},
};
static_assert(sizeof fields / sizeof *fields == sizeof(worker_stats) / sizeof(std::uint64_t));

worker_stats read_worker(const scheduler& of, std::size_t index) noexcept {
  worker_stats one;
  for (const field& each : fields) {
    if (each.counter != nullptr) one.*each.value = (of.counted_by(index).*each.counter).read();
  }
  one.forks = of.forked_by(index);
  one.polls = of.polls_of(index);
  return one;
}

void write_line(const std::string& whose, const worker_stats& one, std::string& text) {
  text += "  " + whose;
  const char* before = ": ";
  for (const field& each : fields) {
    text += before + std::to_string(one.*each.value) + ' ' + each.name;
    before = ", ";
  }
  text += '\n';
}

}  // namespace

runtime_stats read_stats(const scheduler& of) {
  runtime_stats all;
  all.workers.reserve(of.size_with_spares());
  for (std::size_t i = 0; i < of.size_with_spares(); ++i) all.workers.push_back(read_worker(of, i));
  all.outsiders = {.spawns = of.counted_outside().spawns.read(), .wakes = of.counted_outside().wakes.read()};
  for (const worker_stats& one : all.workers) {
    for (const field& each : fields) all.total.*each.value += one.*each.value;
  }
  all.total.spawns += all.outsiders.spawns;
  all.total.wakes += all.outsiders.wakes;
  return all;
}

std::string to_string(const runtime_stats& counted) {
  std::string text;
  write_line("all", counted.total, text);
  for (std::size_t i = 0; i < counted.workers.size(); ++i) {
    write_line("worker " + std::to_string(i), counted.workers[i], text);
  }
  text += "  outsiders: " + std::to_string(counted.outsiders.spawns) + " spawns, " +
          std::to_string(counted.outsiders.wakes) + " wakes\n";
  return text;
}

}  // namespace weft::inline WEFT_ABI::rt
