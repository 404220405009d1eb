// result, as_result and outcome: how something ended, as a value. SPDX-License-Identifier: Apache-2.0
#include "weft/outcome.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "tests/support/check_error.h"
#include "tests/support/loopback.h"
#include "weft/runtime.h"
#include "weft/stop.h"
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

// --- outcome

std::exception_ptr error_saying(const char* words) {
  return std::make_exception_ptr(std::runtime_error(words));
}

TEST(outcome, with_a_value_gives_it) {
  outcome<std::string> good(std::in_place, "value");
  EXPECT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_FALSE(good.has_error());
  EXPECT_FALSE(good.is_stopped());
  EXPECT_EQ(good.error(), nullptr);
  EXPECT_EQ(good.value(), "value");
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);
  const outcome<std::string> copy = good;
  EXPECT_EQ(copy->size(), 5u);
  EXPECT_EQ(copy.value(), "value");
  EXPECT_EQ(*std::move(good), "value");
}

TEST(outcome, with_an_error_keeps_it_and_throws_it_for_who_wants_the_value) {
  const auto bad = outcome<int>::failed(error_saying("bad"));
  EXPECT_FALSE(bad);
  EXPECT_TRUE(bad.has_error());
  EXPECT_FALSE(bad.is_stopped());
  EXPECT_EQ(text_of(bad.error()), "bad");
  EXPECT_EQ(thrown_by([&] { return bad.value(); }), "bad");
  EXPECT_EQ(text_of(bad.error()), "bad") << "throwing it does not take it away";
}

TEST(outcome, that_was_stopped_throws_stopped_error_for_who_wants_the_value) {
  const auto end = outcome<int>::stopped();
  EXPECT_FALSE(end);
  EXPECT_TRUE(end.is_stopped());
  EXPECT_FALSE(end.has_error());
  EXPECT_EQ(end.error(), nullptr);
  EXPECT_THROW(static_cast<void>(end.value()), stopped_error);
}

TEST(outcome, of_nothing_has_the_same_three_ends) {
  const outcome<> good(std::in_place);
  good.value();
  EXPECT_TRUE(good);
  EXPECT_THROW(outcome<>::failed(error_saying("bad")).value(), std::runtime_error);
  EXPECT_THROW(outcome<>::stopped().value(), stopped_error);
}

TEST(outcome, of_a_reference_refers) {
  std::string object = "object";
  const outcome<std::string&> good(std::in_place, object);
  static_assert(std::is_same_v<decltype(good.value()), std::string&>);
  EXPECT_EQ(&good.value(), &object);
  EXPECT_EQ(&*good, &object);
  EXPECT_EQ(good->size(), 6u);
}

TEST(outcome, gives_a_move_only_value_away) {
  outcome<std::unique_ptr<int>> good(std::in_place, std::make_unique<int>(3));
  outcome<std::unique_ptr<int>> moved = std::move(good);
  const std::unique_ptr<int> taken = std::move(moved).value();
  EXPECT_EQ(*taken, 3);
}

TEST(outcome, of_an_exception_ptr_knows_a_value_from_an_error) {
  const outcome<std::exception_ptr> good(std::in_place, error_saying("a value"));
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(text_of(*good), "a value");
  EXPECT_EQ(good.error(), nullptr);
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
