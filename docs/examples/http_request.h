// One HTTP/1.x request at a time, taken in piece by piece, in place: nothing of it is stored but what decides
// the answer, so a request costs no allocation, and a head may be larger than the buffer it is read by.
//
// The grammar is llhttp's business (docs/decisions/0010-http-parsing.md), the limits are ours. A body is
// counted and thrown away.
//
// Not for two threads at once. Neither copied nor moved: the parser holds this object's address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "llhttp.h"

class http_request {
 public:
  struct limits {
    std::size_t head = 16 * 1024;
    std::size_t fields = 100;  // those after a chunked body included
    std::uint64_t body = 64 * 1024;
  };

  explicit http_request(const limits& within) : limits_(within) { begin(); }
  http_request(const http_request&) = delete;
  http_request& operator=(const http_request&) = delete;

  // Forgets everything, for the next request of the connection.
  void begin() noexcept;

  // Returns how many of the bytes were taken. What is left belongs to the next request if this one is
  // complete, and is to be offered again if it is not. After a refusal no more is taken.
  std::size_t take(std::span<const std::byte> bytes) noexcept;

  enum class phase : std::uint8_t { before, head, body, complete, refused };
  [[nodiscard]] phase now() const noexcept { return now_; }
  // The status to answer a refused request with.
  [[nodiscard]] int refusal() const noexcept { return refusal_; }

  // Of a complete request:
  [[nodiscard]] bool is_get() const noexcept { return parser_.method == HTTP_GET; }
  [[nodiscard]] bool is_head() const noexcept { return parser_.method == HTTP_HEAD; }
  [[nodiscard]] bool is_http_1_0() const noexcept {
    return parser_.http_major == 1 && parser_.http_minor == 0;
  }
  // "/" of "/?a=b" and of "http://here/". Cut where it is longer than any path that is known.
  [[nodiscard]] std::string_view path() const noexcept;
  [[nodiscard]] bool keeps_alive() const noexcept { return keeps_alive_; }

 private:
  static const llhttp_settings_t& callbacks() noexcept;
  int refuse(int status) noexcept;
  int on_target(std::string_view piece) noexcept;
  int on_field_name(std::string_view piece) noexcept;
  int on_field() noexcept;
  int on_head() noexcept;
  int on_body(std::size_t size) noexcept;

  const limits& limits_;
  llhttp_t parser_;
  phase now_;
  bool keeps_alive_;
  bool is_host_;            // as far as the field's name is known
  std::uint8_t name_size_;  // up to that of "host" and one more
  int refusal_;
  unsigned hosts_;
  std::size_t head_bytes_;
  std::size_t fields_;
  std::uint64_t body_bytes_;
  std::size_t target_size_;
  std::array<char, 256> target_;
};
