// Random trees of groups: spawns, errors, stops, timeouts, from workers and from other threads. Nothing leaks,
// every child ends, and the counts add up. The seed is printed with a failure; WEFT_TEST_SEED repeats it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/record.h"
#include "weft/completions.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/task_group.h"
#include "weft/timeout.h"
#include "weft/yield.h"

namespace weft::test {
namespace {

using random = std::mt19937_64;

struct storm {
  census here;
  std::atomic<int> admitted{0};
  std::atomic<int> begun{0};
  std::atomic<int> left{0};  // begun, and ended in whatever way

  struct stay {
    storm& in;
    explicit stay(storm& of) : in(of) { in.begun.fetch_add(1); }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;
    ~stay() { in.left.fetch_add(1); }
  };
};

std::uint64_t seed_of_today() {
  const char* const given = std::getenv("WEFT_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

task<> node(storm& all, task_group& above, std::uint64_t seed, int depth, resident);

task<> pause(random& dice) {
  switch (dice() % 3) {
    case 0:
      co_await yield_now();
      break;
    case 1:
      co_await sleep_for(std::chrono::microseconds(dice() % 200));
      break;
    default:
      break;
  }
}

task<int> leaf(storm& all, std::uint64_t seed, resident) {
  const storm::stay local(all);
  random dice(seed);
  co_await pause(dice);
  if (dice() % 8 == 0) throw std::runtime_error("leaf");
  co_return 1;
}

task<> ready_soon(started<int> ready, storm& all, std::uint64_t seed, resident) {
  const storm::stay local(all);
  random dice(seed);
  co_await pause(dice);
  if (dice() % 4 == 0) throw std::runtime_error("before it was ready");
  if (dice() % 4 != 0) ready.set(1);
  co_await pause(dice);
}

// One group: children of all kinds, and an end of one of many kinds.
task<> family(storm& all, std::uint64_t seed, int depth, task_group& group) {
  random dice(seed);
  completions<int> ends(group);
  const int children = static_cast<int>(dice() % 5);
  for (int i = 0; i < children; ++i) {
    const std::uint64_t theirs = dice();
    switch (dice() % 4) {
      case 0:
        if (ends.spawn(&leaf, std::ref(all), theirs, resident(all.here))) ++all.admitted;
        break;
      case 1: {
        // Whether it was admitted start() does not say: it counts itself.
        try {
          static_cast<void>(
              co_await group.start<int>(&ready_soon, std::ref(all), theirs, resident(all.here)));
        } catch (const stopped_error&) {
        } catch (const std::exception&) {
        }
        break;
      }
      default:
        if (group.spawn(&node, std::ref(all), std::ref(group), theirs, depth - 1, resident(all.here))) {
          ++all.admitted;
        }
    }
  }
  co_await pause(dice);
  switch (dice() % 8) {
    case 0:
      group.request_stop();
      break;
    case 1:
      group.close();
      break;
    case 2:
      throw std::logic_error("body");
    case 3:
      while (co_await ends.next()) {
      }
      break;
    default:
      break;
  }
}

task<> node(storm& all, task_group& above, std::uint64_t seed, int depth, resident) {
  const storm::stay local(all);
  random dice(seed);
  co_await pause(dice);
  if (depth <= 0) {
    if (dice() % 16 == 0) throw std::runtime_error("node");
    co_return;
  }
  if (dice() % 4 == 0 && above.spawn(&node, std::ref(all), std::ref(above), dice(), 0, resident(all.here))) {
    ++all.admitted;
  }
  const std::uint64_t inside = dice();
  const auto body = [&all, inside, depth](task_group& group) { return family(all, inside, depth, group); };
  const bool is_in_a_hurry = dice() % 4 == 0;
  const bool is_careful = dice() % 2 == 0;
  try {
    if (is_in_a_hurry) {
      co_await with_timeout(std::chrono::microseconds(dice() % 500), with_task_group(body));
    } else {
      co_await with_task_group(body);
    }
  } catch (const std::exception&) {
    if (!is_careful) throw;
  }
}

TEST(task_group_storm, G1_G4_every_child_ends_before_its_group_and_nothing_leaks) {
  const std::uint64_t seed = seed_of_today();
  SCOPED_TRACE("WEFT_TEST_SEED=" + std::to_string(seed));
  RecordProperty("seed", std::to_string(seed));
  std::printf("WEFT_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  random dice(seed);
  for (int round = 0; round < 30; ++round) {
    storm all;
    {
      runtime_options options;
      options.workers = 3;
      options.on_unhandled_error = [](const unhandled_error&) {};  // ends that nobody took
      runtime rt(options);
      task_group group(rt);
      std::vector<std::uint64_t> seeds(4);
      for (std::uint64_t& each : seeds) each = dice();
      const bool is_stopped = dice() % 3 == 0;
      std::vector<std::thread> outsiders;
      for (const std::uint64_t each : seeds) {
        outsiders.emplace_back([&all, &group, each, is_stopped] {
          random own(each);
          for (int i = 0; i < 10; ++i) {
            if (group.spawn(&node, std::ref(all), std::ref(group), own(), 3, resident(all.here)))
              ++all.admitted;
          }
          if (is_stopped) group.request_stop();
        });
      }
      for (std::thread& each : outsiders) each.join();
      const auto joins = [&group]() -> task<> {
        try {
          co_await group.join();
        } catch (const std::exception&) {
        }
      };
      rt.block_on(joins());
      EXPECT_EQ(group.size(), 0u);
      EXPECT_EQ(all.begun, all.left) << "the group was left before its last child";
      EXPECT_EQ(all.here.living(), 0);
    }
    EXPECT_GT(all.admitted, 0);
    EXPECT_EQ(all.begun, all.left);
    EXPECT_EQ(all.here.living(), 0);
  }
}

}  // namespace
}  // namespace weft::test
