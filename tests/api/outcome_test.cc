// result and as_result: the world's failures as values. SPDX-License-Identifier: Apache-2.0
#include "weft/outcome.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "tests/support/check_error.h"
#include "tests/support/loopback.h"
#include "weft/runtime.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(result, holds_a_value_and_no_error) {
  result<std::string> good(std::string("value"));
  EXPECT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(good.error(), std::error_code());
  EXPECT_EQ(good.value(), "value");
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);
}

TEST(result, holds_an_error_and_throws_it_for_who_wants_the_value) {
  result<int> bad(std::make_error_code(std::errc::timed_out));
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error(), std::errc::timed_out);
  EXPECT_EQ(code_thrown_by([&] { return bad.value(); }), std::errc::timed_out);
}

TEST(result, gives_a_move_only_value_away) {
  result<std::unique_ptr<int>> good(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = std::move(good).value();
  EXPECT_EQ(*taken, 3);
}

TEST(result, of_nothing_is_good_or_an_error) {
  const result<void> good;
  EXPECT_TRUE(good);
  good.value();
  const result<void> bad(std::make_error_code(std::errc::broken_pipe));
  EXPECT_FALSE(bad);
  EXPECT_EQ(code_thrown_by([&] {
              bad.value();
              return 0;
            }),
            std::errc::broken_pipe);
}

TEST(as_result, gives_what_an_operation_gives) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    connection ends = co_await connect_loopback();
    const result<std::size_t> sent = co_await as_result(ends.first.write_some(bytes_of("abc")));
    EXPECT_TRUE(sent);
    std::byte piece[8];
    result<std::size_t> got = co_await as_result(ends.second.read(piece));
    EXPECT_TRUE(got);
    EXPECT_EQ(*got, 3u);
    ends.second.close();
    const result<std::size_t> none = co_await as_result(ends.second.read(piece));
    EXPECT_EQ(none.error(), std::errc::bad_file_descriptor);
  };
  rt.block_on(body());
}

TEST(as_result, does_not_turn_a_stop_into_a_value) {
  runtime rt({.workers = 1});
  const auto body = []() -> task<> {
    connection ends = co_await connect_loopback();
    const auto reads = [&]() -> task<> {
      std::byte piece[8];
      static_cast<void>(co_await as_result(ends.first.read(piece)));
      ADD_FAILURE() << "went on after a stop";
    };
    bool is_timed_out = false;
    try {
      co_await with_timeout(2ms, reads());
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
  };
  rt.block_on(body());
}

}  // namespace
}  // namespace weft::test
