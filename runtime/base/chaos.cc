#include "weft/rt/base/chaos.h"

#if WEFT_CHAOS_BUILD
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>

#include "weft/rt/base/atomic.h"
#include "weft/rt/base/backoff.h"
#include "weft/rt/base/check.h"

namespace weft::inline WEFT_ABI::rt::chaos {
namespace {

constexpr unsigned default_percent = 10;
constexpr unsigned most_percent = 90;

std::optional<std::uint64_t> number_from(const char* variable) noexcept {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(text, &end, 10);
  WEFT_CHECK(*end == '\0', "WEFT_CHAOS_SEED and WEFT_CHAOS_PERCENT are numbers");
  return number;
}

struct counts {
  atomic<std::uint64_t> reached{0};
  atomic<std::uint64_t> struck{0};
};

// All words are relaxed, on purpose: see the invariant in the header.
struct settings {
  settings() noexcept {
    const auto given = number_from("WEFT_CHAOS_SEED");
    seed.store(given ? *given : std::random_device()(), std::memory_order_relaxed);
    set_percent(static_cast<unsigned>(number_from("WEFT_CHAOS_PERCENT").value_or(default_percent)));
  }
  void set_percent(unsigned often) noexcept {
    WEFT_CHECK(often <= most_percent, "chaos disturbs at most 90 percent of all points");
    percent.store(often, std::memory_order_relaxed);
  }

  // Written by the first thread at a point, and by tests; read by all.
  atomic<std::uint64_t> seed{0};
  atomic<unsigned> percent{0};
  // Counts the restarts: a thread with a stream of another era takes a new one.
  atomic<std::uint64_t> era{1};
  // Counts the threads of this era.
  atomic<std::uint64_t> threads{0};
  std::array<counts, points> tallies;
};

settings& all() noexcept {
  static settings one;
  return one;
}

stream& this_thread(settings& in) noexcept {
  thread_local std::optional<stream> own;
  thread_local std::uint64_t of_era = 0;
  const std::uint64_t era = in.era.load(std::memory_order_relaxed);
  if (of_era != era) {
    of_era = era;
    own.emplace(in.seed.load(std::memory_order_relaxed), in.threads.fetch_add(1, std::memory_order_relaxed));
  }
  return *own;
}

// Mostly short, so that two threads meet inside a window of some instructions; at times as long as a wake-up takes.
void linger(stream& own, bool is_long) noexcept {
  const std::uint32_t how = own.below(16);
  if (how < (is_long ? 4u : 9u)) {
    for (std::uint32_t left = own.below(is_long ? 4096 : 512); left > 0; --left) spin_pause();
  } else if (how < (is_long ? 12u : 15u)) {
    for (std::uint32_t left = own.below(4) + 1; left > 0; --left) std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(own.below(is_long ? 200 : 100)));
  }
}

std::uint64_t mixed(std::uint64_t number) noexcept {  // splitmix64
  number += 0x9E3779B97F4A7C15ull;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9ull;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBull;
  return number ^ (number >> 31);
}

}  // namespace

stream::stream(std::uint64_t seed, std::uint64_t thread) noexcept : numbers_(mixed(mixed(seed) + thread)) {}

bool reach(point here) noexcept {
  settings& in = all();
  counts& tally = in.tallies[static_cast<std::size_t>(here)];
  tally.reached.fetch_add(1, std::memory_order_relaxed);
  const unsigned often = in.percent.load(std::memory_order_relaxed);
  if (often == 0) return false;
  stream& own = this_thread(in);
  if (!own.strikes(often)) return false;
  tally.struck.fetch_add(1, std::memory_order_relaxed);
  if (here == point::yield || here == point::late_wake) linger(own, here == point::late_wake);
  return true;
}

std::uint64_t seed() noexcept {
  return all().seed.load(std::memory_order_relaxed);
}

unsigned percent() noexcept {
  return all().percent.load(std::memory_order_relaxed);
}

void set_percent(unsigned often) noexcept {
  all().set_percent(often);
}

void restart(std::uint64_t from) noexcept {
  settings& in = all();
  in.seed.store(from, std::memory_order_relaxed);
  in.threads.store(0, std::memory_order_relaxed);
  in.era.fetch_add(1, std::memory_order_relaxed);
}

tally tally_of(point which) noexcept {
  const counts& of = all().tallies[static_cast<std::size_t>(which)];
  return {of.reached.load(std::memory_order_relaxed), of.struck.load(std::memory_order_relaxed)};
}

}  // namespace weft::inline WEFT_ABI::rt::chaos
#endif
