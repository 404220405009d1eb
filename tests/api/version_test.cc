// version: the text and the numbers say the same. SPDX-License-Identifier: Apache-2.0
#include "weft/version.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::test {
namespace {

TEST(version, as_text_is_made_of_its_numbers) {
  EXPECT_EQ(std::string(WEFT_VERSION), std::to_string(WEFT_VERSION_MAJOR) + "." +
                                           std::to_string(WEFT_VERSION_MINOR) + "." +
                                           std::to_string(WEFT_VERSION_PATCH));
}

}  // namespace
}  // namespace weft::test
