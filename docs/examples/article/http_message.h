// One HTTP/1.1 message, taken in piece by piece as a socket hands its bytes over.
//
// The grammar is llhttp's business (docs/decisions/0010-http-parsing.md). This file keeps what the example
// needs of a message, and refuses one that is too large before it is stored.
//
// Not for two threads at once. Neither copied nor moved: the parser holds this object's address.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "llhttp.h"

namespace article {

// The peer broke the protocol or one of our limits. A server answers with `status`; a client tells its user.
class http_error : public std::runtime_error {
 public:
  http_error(int status, const std::string& what) : std::runtime_error(what), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

struct http_limits {
  std::size_t head = 8 * 1024;
  std::size_t body = 64 * 1024;
};

class http_message {
 public:
  enum class kind { request, response };

  explicit http_message(kind expected, http_limits limits = {});
  http_message(const http_message&) = delete;
  http_message& operator=(const http_message&) = delete;

  // Returns how many of the bytes were taken. What is left belongs to the next message if this one is
  // complete, and is to be offered again if it is not. Throws http_error.
  std::size_t take(std::span<const std::byte> bytes);

  // The peer will send no more. Ends a body that has no stated length; throws http_error in the middle of
  // anything else.
  void end_of_stream();

  bool has_begun() const noexcept { return has_begun_; }
  bool is_complete() const noexcept { return is_complete_; }

  // Of a complete message:
  std::string_view method() const noexcept;                       // request
  const std::string& target() const noexcept { return target_; }  // request: "/slow/weather?ms=500"
  int status() const noexcept { return parser_.status_code; }     // response
  const std::string& body() const noexcept { return body_; }
  bool keeps_alive() const noexcept { return keeps_alive_; }  // may the connection carry another message?

 private:
  static const llhttp_settings_t& callbacks() noexcept;
  int refuse(int status, const char* why) noexcept;
  int on_head(llhttp_t& parser) noexcept;
  int on_body(std::string_view piece) noexcept;
  [[noreturn]] void throw_refusal(llhttp_errno_t error) const;

  llhttp_t parser_;
  http_limits limits_;
  std::string target_;
  std::string body_;
  std::size_t head_bytes_ = 0;
  bool has_begun_ = false;
  bool head_is_complete_ = false;
  bool is_complete_ = false;
  bool keeps_alive_ = false;

  // Set by a callback and thrown once llhttp has returned: no exception may cross C code.
  int refusal_status_ = 0;
  const char* refusal_ = nullptr;
};

}  // namespace article
