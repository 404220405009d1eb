// Counts: exact at the end, and never less than before while somebody counts. SPDX-License-Identifier: Apache-2.0
#include "weft/rt/base/tally.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/build_kind.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(tally, a_new_one_is_zero_and_counts_what_is_added) {
  tally count;
  EXPECT_EQ(count.read(), 0u);
  count.add();
  count.add(41);
  EXPECT_EQ(count.read(), 42u);
  count.add(std::uint64_t{1} << 40);
  EXPECT_EQ(count.read(), (std::uint64_t{1} << 40) + 42);
}

TEST(tally, is_read_by_another_thread_while_it_grows_and_never_shrinks) {
  const std::uint64_t last = test::scaled(1'000'000);
  tally count;
  std::thread reader([&] {
    for (std::uint64_t before = 0, now = 0; before != last; before = now) {
      now = count.read();
      ASSERT_GE(now, before);
    }
  });
  for (std::uint64_t i = 0; i < last; ++i) count.add();
  reader.join();
  EXPECT_EQ(count.read(), last);
}

TEST(shared_tally, loses_nothing_when_several_threads_count) {
  const std::uint64_t each = test::scaled(100'000);
  shared_tally count;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t n = 0; n < each; ++n) count.add();
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(count.read(), 4 * each);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
