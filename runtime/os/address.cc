#include "weft/rt/os/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weft::inline WEFT_ABI::rt::os {
namespace {

sockaddr_in make_v4(in_addr host, std::uint16_t port) noexcept {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_addr = host;
  made.sin_port = htons(port);
  return made;
}

sockaddr_in6 make_v6(const in6_addr& host, std::uint16_t port, std::uint32_t scope) noexcept {
  sockaddr_in6 made{};
  made.sin6_family = AF_INET6;
  made.sin6_addr = host;
  made.sin6_port = htons(port);
  made.sin6_scope_id = scope;
  return made;
}

std::optional<std::uint32_t> parse_scope(std::string_view digits) noexcept {
  std::uint32_t scope = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), scope);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return scope;
}

}  // namespace

template <class Sockaddr>
address address::from(const Sockaddr& bytes) noexcept {
  static_assert(sizeof(Sockaddr) <= largest && alignof(Sockaddr) <= 4);
  address made{nothing{}};
  std::memcpy(made.bytes_.data(), &bytes, sizeof bytes);
  made.size_ = sizeof bytes;
  return made;
}

template <class Sockaddr>
Sockaddr address::as() const noexcept {
  Sockaddr bytes{};
  std::memcpy(&bytes, bytes_.data(), sizeof bytes);
  return bytes;
}

std::optional<address> address::from_sockaddr(const sockaddr* bytes, std::size_t size) noexcept {
  sa_family_t family = AF_UNSPEC;
  if (bytes == nullptr || size < offsetof(sockaddr, sa_family) + sizeof family) return std::nullopt;
  std::memcpy(&family, reinterpret_cast<const char*>(bytes) + offsetof(sockaddr, sa_family), sizeof family);
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, bytes, sizeof v4);
    return from(make_v4(v4.sin_addr, ntohs(v4.sin_port)));
  }
  if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, bytes, sizeof v6);
    return from(make_v6(v6.sin6_addr, ntohs(v6.sin6_port), v6.sin6_scope_id));
  }
  return std::nullopt;
}

std::optional<address> address::parse(std::string_view host, std::uint16_t port) noexcept {
  std::uint32_t scope = 0;
  const std::size_t percent = host.find('%');
  if (percent != std::string_view::npos) {
    const std::optional<std::uint32_t> parsed = parse_scope(host.substr(percent + 1));
    if (!parsed) return std::nullopt;
    scope = *parsed;
    host = host.substr(0, percent);
  }
  // inet_pton wants a closing zero; a zero inside would hide what follows it.
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size() || host.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(host.begin(), host.end(), text.begin());

  in_addr v4{};
  if (percent == std::string_view::npos && ::inet_pton(AF_INET, text.data(), &v4) == 1) {
    return from(make_v4(v4, port));
  }
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.data(), &v6) == 1) return from(make_v6(v6, port, scope));
  return std::nullopt;
}

address address::loopback_v4(std::uint16_t port) noexcept {
  return from(make_v4(in_addr{.s_addr = htonl(INADDR_LOOPBACK)}, port));
}

address address::loopback_v6(std::uint16_t port) noexcept {
  return from(make_v6(in6addr_loopback, port, 0));
}

address address::any_v4(std::uint16_t port) noexcept {
  return from(make_v4(in_addr{.s_addr = htonl(INADDR_ANY)}, port));
}

address address::any_v6(std::uint16_t port) noexcept {
  return from(make_v6(in6addr_any, port, 0));
}

address_family address::family() const noexcept {
  return size_ == sizeof(sockaddr_in) ? address_family::v4 : address_family::v6;
}

std::uint16_t address::port() const noexcept {
  return ntohs(family() == address_family::v4 ? as<sockaddr_in>().sin_port : as<sockaddr_in6>().sin6_port);
}

std::string address::to_string() const noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  std::string host;
  if (family() == address_family::v4) {
    const sockaddr_in v4 = as<sockaddr_in>();
    host = ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else {
    const sockaddr_in6 v6 = as<sockaddr_in6>();
    host = '[';
    host += ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    if (v6.sin6_scope_id != 0) host += '%' + std::to_string(v6.sin6_scope_id);
    host += ']';
  }
  return host + ':' + std::to_string(port());
}

// SAFETY: bytes_ is aligned for, and holds, the structure whose family it names; the kernel alone reads it as
// one.
const sockaddr* address::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(bytes_.data());
}

}  // namespace weft::inline WEFT_ABI::rt::os
