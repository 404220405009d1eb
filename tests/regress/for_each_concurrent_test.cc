// for_each_concurrent that did not end: elements whose tasks never wait never came to a stop point.
// SPDX-License-Identifier: Apache-2.0
#include "weft/for_each_concurrent.h"

#include <gtest/gtest.h>

#include <atomic>
#include <ranges>
#include <stdexcept>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "weft/runtime.h"
#include "weft/stop.h"

namespace weft::test {
namespace {

constexpr int many = 1000;

TEST(for_each_concurrent_regress, begins_no_further_element_after_the_first_error) {
  // One worker: the other lanes have not begun when the first element fails.
  runtime rt({.workers = 1});
  const std::vector<int> elements(many);
  int begun = 0;
  const auto fails = [&](int) -> task<> {
    ++begun;
    throw std::runtime_error("the first");
    co_return;
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(for_each_concurrent(elements, 4, fails));
              return 0;
            }),
            "the first");
  EXPECT_EQ(begun, 1);
}

TEST(for_each_concurrent_regress, begins_no_further_element_after_an_error_in_another_lane) {
  runtime rt({.workers = 2});
  std::vector<int> elements(many);
  for (int i = 0; i < many; ++i) elements[static_cast<std::size_t>(i)] = i;
  std::atomic<int> begun = 0;
  // The first two elements are under way at once; one fails, and the other ends when its lane is asked to stop.
  meeting both(2);
  const auto one_fails = [&](int element) -> task<> {
    ++begun;
    const inplace_stop_token token = co_await current_stop_token();
    if (element < 2) {
      EXPECT_TRUE(both.attend());
    }
    if (element == 0) throw std::runtime_error("element 0");
    EXPECT_TRUE(eventually([&] { return token.stop_requested(); }));
  };
  EXPECT_EQ(thrown_by([&] {
              rt.block_on(for_each_concurrent(elements, 2, one_fails));
              return 0;
            }),
            "element 0");
  EXPECT_EQ(begun, 2);
}

TEST(for_each_concurrent_regress, begins_no_further_element_after_a_stop) {
  runtime rt({.workers = 2});  // one is kept by the element, the other forwards the stop
  const std::vector<int> elements(many);
  gate held;
  std::atomic<int> begun = 0;
  const auto blocks = [&](int) -> task<> {
    ++begun;
    const inplace_stop_token token = co_await current_stop_token();
    held.pass();
    EXPECT_TRUE(eventually([&] { return token.stop_requested(); }));
  };
  bool went_on = false;
  const auto program = [&]() -> task<> {
    co_await for_each_concurrent(elements, 1, blocks);
    went_on = true;
  };
  auto handle = rt.spawn(program);
  ASSERT_TRUE(held.is_reached());
  handle.request_stop();
  held.open();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_EQ(begun, 1);
  EXPECT_FALSE(went_on);
  handle.detach();
}

// There the stop waits in the shared queue, which a worker looks at after some 250,000 of such elements.
TEST(for_each_concurrent_regress, is_ended_by_a_stop_on_a_single_worker) {
  runtime rt({.workers = 1});
  constexpr int far_more = 1'000'000;
  const auto elements = std::views::iota(0, far_more);
  gate held;
  std::atomic<int> begun = 0;
  const auto blocks_first = [&](int) -> task<> {
    if (begun++ == 0) held.pass();
    co_return;
  };
  const auto program = [&]() -> task<> { co_await for_each_concurrent(elements, 1, blocks_first); };
  auto handle = rt.spawn(program);
  ASSERT_TRUE(held.is_reached());
  handle.request_stop();
  held.open();
  EXPECT_TRUE(eventually([&] { return handle.is_done(); }));
  EXPECT_LT(begun, far_more);
  handle.detach();
}

}  // namespace
}  // namespace weft::test
