// alarm_fd: readable from its time on, until it is set anew or taken back.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <utility>

#include "weft/rt/os/alarm_fd.h"
#include "weft/rt/os/clock.h"
#include "weft/rt/os/poll.h"

namespace weft::inline WEFT_ABI::rt::os {
namespace {

struct alarm_fd_test : testing::Test {
  alarm_fd_test() {
    result<alarm_fd> made = alarm_fd::create();
    EXPECT_FALSE(made.is_error());
    alarm = std::move(made).value();
    result<fd> poller = epoll_create();
    EXPECT_FALSE(poller.is_error());
    epoll = std::move(poller).value();
    EXPECT_FALSE(epoll_add(epoll.get(), alarm.get(), EPOLLIN, 7));
  }

  // How many events there are before `timeout_ns` are over.
  std::size_t events(std::int64_t timeout_ns) {
    std::array<epoll_event, 2> seen;
    return epoll_wait(epoll.get(), seen, timeout_ns).count();
  }

  alarm_fd alarm;
  fd epoll;
};

constexpr std::int64_t an_hour = 3'600'000'000'000;

TEST_F(alarm_fd_test, says_nothing_before_it_is_set_and_before_its_time) {
  EXPECT_EQ(events(0), 0u);
  alarm.set(now_ns() + an_hour);
  EXPECT_EQ(events(0), 0u);
}

TEST_F(alarm_fd_test, ends_a_wait_at_its_time) {
  const std::int64_t due = now_ns() + 1'000'000;
  alarm.set(due);
  EXPECT_EQ(events(no_timeout), 1u);
  EXPECT_GE(now_ns(), due);
}

TEST_F(alarm_fd_test, a_time_that_is_over_is_now) {
  for (const std::int64_t due : {std::int64_t{-5}, std::int64_t{0}, now_ns() - 1}) {
    alarm.set(due);
    EXPECT_EQ(events(no_timeout), 1u);
  }
}

TEST_F(alarm_fd_test, the_last_time_counts_and_what_is_taken_back_does_not_come) {
  alarm.set(0);
  EXPECT_EQ(events(no_timeout), 1u);
  alarm.set(now_ns() + an_hour);
  EXPECT_EQ(events(0), 0u) << "setting it makes it unreadable";
  alarm.set(0);
  EXPECT_EQ(events(no_timeout), 1u);
  alarm.take_back();
  EXPECT_EQ(events(0), 0u);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt::os
