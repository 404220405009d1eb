// duty_alarms: whoever is wanted by somebody has its alarm set, and it ends the sleep.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/scheduler/duty_alarms.h"

#include <gtest/gtest.h>

#include "tests/support/workbench.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

struct duty_alarms_test : testing::Test {
  [[nodiscard]] int taken_back(std::size_t sleeper) const {
    return bench.backends[sleeper]->alarms_taken_back;
  }

  workbench bench{3};
  duty_alarms alarms{3, bench.place.stations};
};

TEST_F(duty_alarms_test, an_alarm_ends_a_sleep_without_limit) {
  reactor& its = bench.place.stations[1]->events;
  ASSERT_TRUE(its.try_sit());
  const std::int64_t begun_ns = its.now_ns();
  alarms.set(1);
  job_list ready;
  its.wait(-1, ready);
  EXPECT_GE(its.now_ns(), begun_ns + duty_alarms::delay_ns);
  EXPECT_TRUE(ready.empty());
  its.stand_up();
  alarms.take_back(1);
}

TEST_F(duty_alarms_test, an_alarm_is_taken_back_when_nobody_wants_it_any_more) {
  alarms.set(1);
  alarms.set(1);
  alarms.set(2);
  alarms.take_back(1);
  EXPECT_EQ(taken_back(1), 0) << "the other one still runs unattended";
  alarms.take_back(1);
  EXPECT_EQ(taken_back(1), 1);
  EXPECT_EQ(taken_back(2), 0);
  alarms.take_back(2);
  EXPECT_EQ(taken_back(2), 1);
}

TEST_F(duty_alarms_test, one_that_is_set_already_is_not_set_anew) {
  watched_backend& its = *bench.backends[1];
  its.stands_at_ns = its.now_ns();
  const std::int64_t first_ns = alarms.set(1);
  its.stands_at_ns += duty_alarms::delay_ns - 1;
  EXPECT_EQ(alarms.set(1), first_ns + duty_alarms::delay_ns - 1);
  EXPECT_EQ(its.alarms, 1);
  its.stands_at_ns += 1;
  alarms.set(1);
  EXPECT_EQ(its.alarms, 2) << "the first one has rung";
  for (int i = 0; i < 3; ++i) alarms.take_back(1);
  alarms.set(1);
  EXPECT_EQ(its.alarms, 3) << "it was taken back";
  alarms.take_back(1);
}

TEST_F(duty_alarms_test, one_that_is_let_ring_rings_though_nobody_wants_it_any_more) {
  alarms.set(1);
  alarms.let_ring(1);
  EXPECT_EQ(taken_back(1), 0);
  reactor& its = bench.place.stations[1]->events;
  ASSERT_TRUE(its.try_sit());
  job_list ready;
  its.wait(-1, ready);
  EXPECT_TRUE(ready.empty());
  its.stand_up();
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
