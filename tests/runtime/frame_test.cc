// What a frame knows: whose child it is, in which scope, where it waits. SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/frame.h"

#include <gtest/gtest.h>

#include <coroutine>
#include <source_location>
#include <vector>

#include "tests/support/scope_chain.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

step nothing() {
  co_return;
}

TEST(frame, a_frame_that_was_not_started_knows_neither_parent_nor_root) {
  step fresh = nothing();
  EXPECT_FALSE(fresh.body->is_started());
  EXPECT_FALSE(fresh.body->is_root());
}

TEST(frame, its_handle_is_the_coroutine_that_it_is_the_promise_of) {
  step fresh = nothing();
  EXPECT_EQ(fresh.body->handle().address(),
            std::coroutine_handle<step::promise_type>::from_promise(*fresh.body).address());
}

TEST(frame, a_root_belongs_to_its_scope_and_a_child_to_its_parents) {
  step parent = nothing();
  step child = nothing();
  scope home;
  parent.body->root_in(home);
  EXPECT_TRUE(parent.body->is_root());
  EXPECT_TRUE(parent.body->is_started());
  EXPECT_EQ(&parent.body->home(), &home);
  link between;
  between.parent = parent.body;
  between.child = child.body;
  child.body->await_in(between, parent.body->home());
  EXPECT_FALSE(child.body->is_root());
  EXPECT_TRUE(child.body->is_started());
  EXPECT_EQ(&child.body->home(), &home);
  EXPECT_EQ(&child.body->awaiter(), &between);
}

TEST(frame, it_stands_where_it_waited_last) {
  step fresh = nothing();
  const std::source_location here = std::source_location::current();
  fresh.body->wait_at(here);
  EXPECT_EQ(fresh.body->site().line(), here.line());
  EXPECT_STREQ(fresh.body->site().file_name(), here.file_name());
}

step climb(hand_op& op, int depth, std::vector<frame*>& frames) {
  struct own_frame {
    frame* found = nullptr;
    bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<step::promise_type> self) noexcept {
      found = &self.promise();
      return false;
    }
    frame* await_resume() noexcept { return found; }
  };
  frames.push_back(co_await own_frame{});
  if (depth > 0) {
    co_await climb(op, depth - 1, frames);
  } else {
    co_await op;
  }
}

TEST(frame, from_the_innermost_frame_the_links_lead_to_the_root_through_every_parent) {
  hand_op op(cancel_outcome::taken);
  std::vector<frame*> frames;
  scope_chain chain(climb(op, 4, frames));
  turn now;
  run_one(chain, now);
  ASSERT_EQ(frames.size(), 5u);
  frame* at = chain.at;
  for (std::size_t i = frames.size(); i-- > 1;) {
    ASSERT_EQ(at, frames[i]);
    ASSERT_FALSE(at->is_root());
    EXPECT_EQ(at->awaiter().child, at);
    EXPECT_EQ(&at->home(), &chain);
    at = at->awaiter().parent;
  }
  EXPECT_EQ(at, frames[0]);
  EXPECT_EQ(at, chain.root);
  EXPECT_TRUE(at->is_root());
  ASSERT_TRUE(op.complete());
  run_one(chain, now);
  EXPECT_EQ(chain.finished, 1);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
