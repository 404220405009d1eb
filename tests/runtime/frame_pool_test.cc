// Frames by size: recycled where they may be, and never handed out twice or too small.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/work/frame_pool.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/build_kind.h"
#include "weft/rt/base/rng.h"
#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST(frame_pool, an_enabled_list_gives_back_the_frame_that_was_freed_last) {
  if (test::is_sanitized) GTEST_SKIP() << "the library recycles nothing under a sanitizer";
  frame_depot depot;
  frame_lists lists;
  lists.enable(depot);
  void* first = lists.allocate(200);
  void* second = lists.allocate(200);
  lists.release(first, 200);
  lists.release(second, 200);
  EXPECT_EQ(lists.allocate(200), second);
  EXPECT_EQ(lists.allocate(200), first);
  lists.release(first, 200);
  lists.release(second, 200);
}

TEST(frame_pool, sizes_of_one_class_share_frames_and_of_two_classes_do_not) {
  if (test::is_sanitized) GTEST_SKIP() << "the library recycles nothing under a sanitizer";
  frame_depot depot;
  frame_lists lists;
  lists.enable(depot);
  void* small = lists.allocate(97);
  lists.release(small, 97);
  void* same_class = lists.allocate(112);
  EXPECT_EQ(same_class, small);
  void* next_class = lists.allocate(113);
  lists.release(same_class, 112);
  void* larger = lists.allocate(113);
  EXPECT_NE(larger, small);
  lists.release(next_class, 113);
  lists.release(larger, 113);
}

TEST(frame_pool, what_does_not_fit_a_full_list_goes_back_to_the_system) {
  // Under LeakSanitizer this also says that no block is lost, and that every delete has its new.
  frame_depot depot;
  frame_lists lists;
  lists.enable(depot);
  std::vector<void*> frames(2000);
  for (void*& each : frames) each = lists.allocate(64);
  for (void* each : frames) lists.release(each, 64);
  std::set<void*> seen;
  for (void*& each : frames) each = lists.allocate(64);
  for (void* each : frames) EXPECT_TRUE(seen.insert(each).second) << "one frame was handed out twice";
  for (void* each : frames) lists.release(each, 64);
}

TEST(frame_pool, every_size_around_the_bounds_of_its_classes_can_be_written_in_full) {
  frame_depot depot;
  frame_lists lists;
  lists.enable(depot);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t size = 1; size <= 1100; ++size) {
      void* frame = lists.allocate(size);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(frame) % alignof(std::max_align_t), 0u) << size;
      std::memset(frame, 0xA5, size);
      lists.release(frame, size);
    }
  }
}

TEST(frame_pool, a_frame_may_be_freed_into_the_lists_of_another_thread) {
  std::vector<std::pair<void*, std::size_t>> frames;
  {
    frame_depot depot;
    frame_lists maker;
    maker.enable(depot);
    rng random(11);
    for (int i = 0; i < 3000; ++i) {
      const std::size_t size = 1 + random.below(700);
      frames.emplace_back(maker.allocate(size), size);
      if (random.below(3) == 0) {
        maker.release(frames.back().first, frames.back().second);
        frames.pop_back();
      }
    }
  }
  std::thread([frames = std::move(frames)] {
    frame_depot depot;
    frame_lists other;
    other.enable(depot);
    for (const auto& [frame, size] : frames) other.release(frame, size);
  }).join();
}

// So many frames of one size.
std::vector<void*> take_from(frame_lists& lists, std::size_t count, std::size_t size) {
  std::vector<void*> frames(count);
  for (void*& each : frames) each = lists.allocate(size);
  return frames;
}

TEST(frame_pool, what_one_thread_frees_by_the_batch_another_gets) {
  if (test::is_sanitized) GTEST_SKIP() << "the library recycles nothing under a sanitizer";
  frame_depot depot;
  frame_lists maker;
  frame_lists other;
  maker.enable(depot);
  other.enable(depot);
  const auto made = take_from(maker, std::size_t{8} * frame_depot::batch, 200);
  for (void* each : made) other.release(each, 200);
  // The other one keeps two lists for itself.
  const std::set<void*> known(made.begin(), made.end());
  const auto again = take_from(maker, std::size_t{6} * frame_depot::batch, 200);
  std::set<void*> seen;
  for (void* each : again) {
    EXPECT_TRUE(known.contains(each)) << "the system gave it, though the depot had one";
    EXPECT_TRUE(seen.insert(each).second) << "one frame was handed out twice";
  }
  for (void* each : again) maker.release(each, 200);
}

TEST(frame_pool, a_thread_that_makes_and_frees_by_turns_leaves_the_depot_alone) {
  if (test::is_sanitized) GTEST_SKIP() << "the library recycles nothing under a sanitizer";
  frame_depot depot;
  frame_lists lists;
  lists.enable(depot);
  const auto full = take_from(lists, std::size_t{2} * frame_depot::batch, 64);
  for (void* each : full) lists.release(each, 64);
  for (int round = 0; round < 100; ++round) {
    // Over the edge of a list, to and fro.
    const auto some = take_from(lists, frame_depot::batch + 10, 64);
    for (void* each : some) lists.release(each, 64);
    EXPECT_EQ(depot.take(4), nullptr) << "64 bytes are the fourth class";
  }
}

TEST(frame_pool, a_full_depot_takes_no_more) {
  frame_depot depot;
  const std::size_t largest = frame_depot::class_count - 1;
  const auto make_batch = [&] {
    frame_block* first = nullptr;
    for (int i = 0; i < frame_depot::batch; ++i) {
      first = new (::operator new(largest * frame_depot::class_step)) frame_block{first, nullptr};
    }
    return first;
  };
  const std::size_t fit = frame_depot::most_bytes / (largest * frame_depot::class_step * frame_depot::batch);
  for (std::size_t i = 0; i < fit; ++i) EXPECT_TRUE(depot.give(largest, make_batch()));
  frame_block* const one_more = make_batch();
  EXPECT_FALSE(depot.give(largest, one_more));
  delete_blocks(depot.take(largest));
  EXPECT_TRUE(depot.give(largest, one_more)) << "there is room again";
}

TEST(frame_pool, lists_that_were_not_enabled_keep_nothing) {
  // Foreign threads share one set: an unsynchronised write to it would be a race here.
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 500; ++round) {
        void* frame = this_turn().frames.allocate(128);
        std::memset(frame, 1, 128);
        this_turn().frames.release(frame, 128);
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST(frame_pool, a_mixture_of_sizes_never_hands_one_frame_to_two_owners) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    rng random(seed);
    frame_depot depot;
    frame_lists lists;
    lists.enable(depot);
    struct owned {
      unsigned char* bytes;
      std::size_t size;
      unsigned char mark;
    };
    std::vector<owned> living;
    for (int i = 0; i < 20'000; ++i) {
      if (living.size() < 64 && random.below(2) == 0) {
        const std::size_t size = 8 + random.below(560);
        auto* bytes = static_cast<unsigned char*>(lists.allocate(size));
        const auto mark = static_cast<unsigned char>(random.below(256));
        bytes[0] = bytes[size - 1] = mark;
        living.push_back({bytes, size, mark});
      } else if (!living.empty()) {
        const std::uint32_t at = random.below(static_cast<std::uint32_t>(living.size()));
        const owned gone = living[at];
        ASSERT_EQ(gone.bytes[0], gone.mark) << "seed " << seed;
        ASSERT_EQ(gone.bytes[gone.size - 1], gone.mark) << "seed " << seed;
        lists.release(gone.bytes, gone.size);
        living[at] = living.back();
        living.pop_back();
      }
    }
    for (const owned& each : living) lists.release(each.bytes, each.size);
  }
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
