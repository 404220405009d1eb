// What the compute pool adds: an arena.

#include "weft/rt/offload/compute_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "tests/support/offload_waiter.h"

// oneTBB as Debian builds it is opaque to ThreadSanitizer.
#if defined(__SANITIZE_THREAD__)
#define WITH_TBB 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TBB 0
#endif
#endif
#ifndef WITH_TBB
#define WITH_TBB 1
#include <tbb/parallel_for.h>
#endif

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(compute_pool, its_default_is_one_thread_for_each_usable_cpu) {
  engine_stub engine;
  compute_pool pool({}, engine.sink());
  EXPECT_GE(pool.max_threads(), 1u);
}

TEST(compute_pool, counts_the_functions_that_run_as_taken_cores) {
  core_load load(0);
  engine_stub engine;
  compute_pool pool({.threads = 1, .cores = &load}, engine.sink());
  std::atomic<bool> is_counted{false};
  std::deque<waiting_task> tasks;
  auto look = [&] { is_counted = load.is_crowded(0); };
  ASSERT_EQ(await(pool, tasks.emplace_back(look)), start_outcome::started);
  ASSERT_TRUE(engine.wait_for(1));
  EXPECT_TRUE(is_counted);
  EXPECT_FALSE(load.is_crowded(0));
}

#if WITH_TBB
TEST(compute_pool, parallel_algorithms_inside_stay_within_its_threads) {
  engine_stub engine;
  compute_pool pool({.threads = 2}, engine.sink());
  std::atomic<int> inside{0}, most{0}, done{0};
  auto sum = [&] {
    tbb::parallel_for(0, 200, [&](int) {
      const int now = inside.fetch_add(1) + 1;
      int before = most.load();
      while (now > before && !most.compare_exchange_weak(before, now)) {
      }
      std::this_thread::yield();
      --inside;
      ++done;
    });
  };
  std::deque<waiting_task> tasks;
  for (int i = 0; i < 8; ++i) ASSERT_EQ(await(pool, tasks.emplace_back(sum)), start_outcome::started);
  ASSERT_TRUE(engine.wait_for(8));
  EXPECT_EQ(done, 8 * 200);
  EXPECT_LE(most, 2);
}
#endif

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
