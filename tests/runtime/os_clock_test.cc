// Deadlines: sums of time that neither overflow nor come early.

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <ratio>

#include "weft/rt/os/clock.h"

namespace {

namespace os = weft::rt::os;
using namespace std::chrono_literals;

TEST(os_clock, a_huge_duration_is_never_and_not_the_past) {
  const os::time_point now = os::now();
  EXPECT_EQ(os::saturating_add(now, std::chrono::hours::max()), os::never);
  EXPECT_EQ(os::saturating_add(now, std::chrono::nanoseconds::max()), os::never);
  EXPECT_EQ(os::saturating_add(now, 1e300 * 1s), os::never);
  EXPECT_EQ(os::saturating_add(now, std::numeric_limits<double>::infinity() * 1s), os::never);
  EXPECT_EQ(os::saturating_add(now, std::numeric_limits<double>::quiet_NaN() * 1s), os::never);
  EXPECT_EQ(os::saturating_add(os::never - 1ns, 1s), os::never);
  EXPECT_EQ(os::saturating_add(os::never, 0s), os::never);
  EXPECT_LT(os::saturating_add(now, std::chrono::hours::min()), now);
  EXPECT_EQ(os::saturating_add(os::time_point::min(), -1s), os::time_point::min());
}

TEST(os_clock, a_plain_duration_is_added_exactly_and_rounded_up) {
  const os::time_point start{100ns};
  EXPECT_EQ(os::saturating_add(start, 2h), start + 2h);
  EXPECT_EQ(os::saturating_add(start, -50ns), start - 50ns);
  EXPECT_EQ(os::saturating_add(start, std::chrono::duration<int, std::pico>(1)), start + 1ns);
  EXPECT_EQ(os::saturating_add(start, std::chrono::duration<double>(0.5)), start + 500ms);
  EXPECT_EQ(os::saturating_add(start, std::chrono::duration<int, std::ratio<1, 3>>(3)), start + 1s + 1ns);
}

}  // namespace
