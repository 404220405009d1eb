// endpoint: addresses as text and back. SPDX-License-Identifier: Apache-2.0
#include "weft/net/endpoint.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace weft::test {
namespace {

TEST(endpoint, says_its_address_and_port_as_text) {
  EXPECT_EQ(endpoint::loopback_v4(80).to_string(), "127.0.0.1:80");
  EXPECT_EQ(endpoint::loopback_v6(80).to_string(), "[::1]:80");
  EXPECT_EQ(endpoint::any_v4(1).to_string(), "0.0.0.0:1");
  EXPECT_EQ(endpoint::any_v6(65535).to_string(), "[::]:65535");
}

TEST(endpoint, is_read_from_numeric_text) {
  const std::optional<endpoint> v4 = endpoint::parse("192.0.2.7", 443);
  ASSERT_TRUE(v4.has_value());
  EXPECT_EQ(v4->to_string(), "192.0.2.7:443");
  EXPECT_FALSE(v4->is_v6());
  EXPECT_EQ(v4->port(), 443);
  const std::optional<endpoint> v6 = endpoint::parse("2001:db8::1", 443);
  ASSERT_TRUE(v6.has_value());
  EXPECT_EQ(v6->to_string(), "[2001:db8::1]:443");
  EXPECT_TRUE(v6->is_v6());
}

TEST(endpoint, is_not_read_from_text_that_is_no_address) {
  for (const char* text : {"", "localhost", "256.0.0.1", "1.2.3", "::g", "127.0.0.1:80", " 127.0.0.1"}) {
    EXPECT_FALSE(endpoint::parse(text, 80).has_value()) << text;
  }
  EXPECT_FALSE(endpoint::parse(std::string(10'000, '1'), 80).has_value());
}

TEST(endpoint, is_equal_when_address_and_port_are) {
  EXPECT_EQ(endpoint::loopback_v4(80), *endpoint::parse("127.0.0.1", 80));
  EXPECT_NE(endpoint::loopback_v4(80), endpoint::loopback_v4(81));
  EXPECT_NE(endpoint::any_v4(80), endpoint::any_v6(80));
  EXPECT_EQ(endpoint(), endpoint::any_v4(0));
}

}  // namespace
}  // namespace weft::test
