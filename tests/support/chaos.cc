// Says the seed of a test under chaos: at its start, as a crash or a hang says nothing at the end, and again after the
// last failure, where readers look. Linked into every test that uses tests/support.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/chaos.h"

#if WEFT_CHAOS_BUILD
#include <gtest/gtest.h>

#include <cstdio>

namespace weft::test {
namespace {

class announcer : public testing::Environment {
 public:
  void SetUp() override { say(); }
  void TearDown() override {
    if (testing::UnitTest::GetInstance()->Failed()) say();
  }

 private:
  void say() const {
    const auto seed = static_cast<unsigned long long>(seed_);
    std::printf("chaos seed %llu: WEFT_CHAOS_SEED=%llu repeats it\n", seed, seed);
    std::fflush(stdout);
  }

  const std::uint64_t seed_ = rt::chaos::seed();  // a test may begin with another one
};

[[maybe_unused]] const testing::Environment* const announced =
    testing::AddGlobalTestEnvironment(new announcer);

}  // namespace
}  // namespace weft::test
#endif
