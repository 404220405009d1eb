// Where a socket is: an IPv4 or IPv6 address with a port, as a value.
//
// For every room above, and for api/net. Thread-safe as any value is. No platform header is needed to hold
// one. Names are never looked up here: that blocks, and belongs to a resolver.
//
// Invariant: bytes_ holds a sockaddr_in or a sockaddr_in6, normalised (padding and flow label are zero), so
// that equal addresses have equal bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weft/rt/base/config.h"

struct sockaddr;

namespace weft::inline WEFT_ABI::rt::os {

enum class address_family : std::uint8_t { v4, v6 };

class address {
 public:
  // Any IPv4 address, any port.
  address() noexcept : address(any_v4(0)) {}

  // Empty for other families, and for fewer bytes than the family has.
  [[nodiscard]] static std::optional<address> from_sockaddr(const sockaddr* bytes, std::size_t size) noexcept;

  // Numbers only: "127.0.0.1", "::1", "fe80::1%2" (the number of an interface). No brackets, no names, and
  // none of the old short forms ("127.1", "0x7f.1").
  [[nodiscard]] static std::optional<address> parse(std::string_view host, std::uint16_t port) noexcept;

  [[nodiscard]] static address loopback_v4(std::uint16_t port) noexcept;
  [[nodiscard]] static address loopback_v6(std::uint16_t port) noexcept;
  [[nodiscard]] static address any_v4(std::uint16_t port) noexcept;
  // A listener on it takes IPv4 as well, unless the system was told otherwise (net.ipv6.bindv6only).
  [[nodiscard]] static address any_v6(std::uint16_t port) noexcept;

  [[nodiscard]] address_family family() const noexcept;
  [[nodiscard]] std::uint16_t port() const noexcept;

  // "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80".
  [[nodiscard]] std::string to_string() const noexcept;

  // What the system calls take.
  [[nodiscard]] const sockaddr* data() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  friend bool operator==(const address&, const address&) noexcept = default;

 private:
  struct nothing {};
  explicit address(nothing) noexcept {}

  template <class Sockaddr>
  static address from(const Sockaddr& bytes) noexcept;
  template <class Sockaddr>
  [[nodiscard]] Sockaddr as() const noexcept;

  static constexpr std::size_t largest = 28;  // sizeof(sockaddr_in6)

  alignas(4) std::array<unsigned char, largest> bytes_{};
  std::uint32_t size_ = 0;
};

}  // namespace weft::inline WEFT_ABI::rt::os
