// The word that guards a descriptor, transition by transition.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/reactor/control_word.h"

#include <gtest/gtest.h>

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(control_word, an_event_during_a_try_makes_the_publish_fail_once) {
  control_word word;
  word.open(1);
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
  EXPECT_FALSE(word.notify(1, {.may_read = true, .may_write = false, .always_try = false}).read);
  EXPECT_EQ(word.publish(direction::read), control_word::published::try_again);
  EXPECT_EQ(word.publish(direction::read), control_word::published::waiting);
  EXPECT_TRUE(word.notify(1, {.may_read = true, .may_write = false, .always_try = false}).read);
}

TEST(control_word, a_kick_during_a_try_makes_the_publish_fail_and_otherwise_hands_out_who_waits) {
  control_word word;
  word.open(1);
  EXPECT_FALSE(word.kick(1, direction::write)) << "nobody is at it";
  EXPECT_EQ(word.claim(1, direction::write), control_word::claimed::may_try);
  EXPECT_FALSE(word.kick(1, direction::write));
  EXPECT_FALSE(word.kick(1, direction::write));
  EXPECT_EQ(word.publish(direction::write), control_word::published::try_again);
  EXPECT_EQ(word.publish(direction::write), control_word::published::waiting);
  EXPECT_TRUE(word.kick(1, direction::write));
  EXPECT_FALSE(word.release(direction::write, false));
}

TEST(control_word, a_drained_direction_waits_without_a_try_unless_the_peer_may_have_closed) {
  control_word word;
  word.open(1);
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
  EXPECT_FALSE(word.release(direction::read, true));
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::must_wait);
  EXPECT_FALSE(word.release(direction::read, true));
  static_cast<void>(word.notify(1, {.may_read = true, .may_write = false, .always_try = true}));
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
  EXPECT_FALSE(word.release(direction::read, true));
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
}

TEST(control_word, an_event_during_a_short_read_is_not_forgotten) {
  control_word word;
  word.open(1);
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
  static_cast<void>(word.notify(1, {.may_read = true, .may_write = false, .always_try = false}));
  EXPECT_FALSE(word.release(direction::read, true));
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::may_try);
}

TEST(control_word, the_last_to_leave_a_closed_record_is_told_so_and_nobody_else) {
  control_word word;
  word.open(7);
  taken_directions waiting;
  EXPECT_EQ(word.claim(7, direction::read), control_word::claimed::may_try);
  EXPECT_EQ(word.claim(7, direction::write), control_word::claimed::may_try);
  EXPECT_EQ(word.publish(direction::write), control_word::published::waiting);
  EXPECT_TRUE(word.close_and_pin(7, waiting));
  EXPECT_FALSE(waiting.read);
  EXPECT_TRUE(waiting.write);
  EXPECT_FALSE(word.close_and_pin(7, waiting));
  EXPECT_FALSE(word.pin(7));
  EXPECT_EQ(word.claim(7, direction::write), control_word::claimed::gone);
  EXPECT_FALSE(word.unpin());
  EXPECT_EQ(word.publish(direction::read), control_word::published::closed);
  EXPECT_TRUE(word.release(direction::read, false));
}

TEST(control_word, another_generation_changes_nothing) {
  control_word word;
  word.open(2);
  EXPECT_EQ(word.claim(1, direction::read), control_word::claimed::gone);
  EXPECT_EQ(word.claim(2, direction::read), control_word::claimed::may_try);
  EXPECT_EQ(word.publish(direction::read), control_word::published::waiting);
  EXPECT_FALSE(word.notify(1, {.may_read = true, .may_write = true, .always_try = true}).read);
  EXPECT_FALSE(word.kick(1, direction::read));
  EXPECT_TRUE(word.kick(2, direction::read));
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
