// endpoint: a numeric address and a port, IPv4 or IPv6. A value.
//
//     weft::endpoint here = weft::endpoint::loopback_v4(8080);
//     auto there = weft::endpoint::parse("::1", 80);       // empty when the text is no address
//
// Names are not resolved: that blocks, and is a resolver's work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weft/rt/os/address.h"

namespace weft::inline WEFT_ABI {

class endpoint {
 public:
  // Any IPv4 address, any port.
  endpoint() noexcept = default;
  explicit endpoint(const rt::os::address& address) noexcept : address_(address) {}

  [[nodiscard]] static endpoint loopback_v4(std::uint16_t port) noexcept {
    return endpoint(rt::os::address::loopback_v4(port));
  }
  [[nodiscard]] static endpoint loopback_v6(std::uint16_t port) noexcept {
    return endpoint(rt::os::address::loopback_v6(port));
  }
  [[nodiscard]] static endpoint any_v4(std::uint16_t port) noexcept {
    return endpoint(rt::os::address::any_v4(port));
  }
  [[nodiscard]] static endpoint any_v6(std::uint16_t port) noexcept {
    return endpoint(rt::os::address::any_v6(port));
  }

  [[nodiscard]] static std::optional<endpoint> parse(std::string_view host, std::uint16_t port) noexcept {
    const auto parsed = rt::os::address::parse(host, port);
    if (!parsed) return std::nullopt;
    return endpoint(*parsed);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return address_.port(); }
  [[nodiscard]] bool is_v6() const noexcept { return address_.family() == rt::os::address_family::v6; }
  // "127.0.0.1:80", "[::1]:80"
  [[nodiscard]] std::string to_string() const { return address_.to_string(); }

  [[nodiscard]] const rt::os::address& address() const noexcept { return address_; }
  friend bool operator==(const endpoint&, const endpoint&) noexcept = default;

 private:
  rt::os::address address_;
};

}  // namespace weft::inline WEFT_ABI
