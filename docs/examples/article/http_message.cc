// SPDX-License-Identifier: Apache-2.0
#include "http_message.h"

#include <algorithm>

namespace article {
namespace {

http_message& self(llhttp_t* parser) {
  return *static_cast<http_message*>(parser->data);
}

}  // namespace

http_message::http_message(kind expected, http_limits limits) : limits_(limits) {
  llhttp_init(&parser_, expected == kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &callbacks());
  parser_.data = this;
}

const llhttp_settings_t& http_message::callbacks() noexcept {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
      self(parser).target_.append(at, length);  // no limit of its own: it is part of the head, which has one
      return 0;
    };
    s.on_headers_complete = [](llhttp_t* parser) { return self(parser).on_head(*parser); };
    s.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
      return self(parser).on_body({at, length});
    };
    s.on_message_complete = [](llhttp_t* parser) {
      self(parser).is_complete_ = true;
      return static_cast<int>(HPE_PAUSED);  // stop here: the bytes that follow are the next message's
    };
    return s;
  }();
  return settings;
}

int http_message::on_head(llhttp_t& parser) noexcept {
  head_is_complete_ = true;
  keeps_alive_ = llhttp_should_keep_alive(&parser) != 0;
  const bool has_body = (parser.flags & F_CHUNKED) != 0 || parser.content_length > 0;
  if (has_body && limits_.body == 0) return refuse(413, "a body where none is wanted");
  if (parser.content_length > limits_.body) return refuse(413, "the body is larger than the limit");
  return 0;
}

int http_message::on_body(std::string_view piece) noexcept {
  if (piece.size() > limits_.body - body_.size()) return refuse(413, "the body is larger than the limit");
  body_.append(piece);
  return 0;
}

int http_message::refuse(int status, const char* why) noexcept {
  refusal_status_ = status;
  refusal_ = why;
  return -1;
}

std::size_t http_message::take(std::span<const std::byte> bytes) {
  if (!head_is_complete_) {
    if (head_bytes_ == limits_.head) throw http_error(431, "the head is larger than the limit");
    bytes = bytes.first(std::min(bytes.size(), limits_.head - head_bytes_));
  }
  has_begun_ = has_begun_ || !bytes.empty();

  const char* const begin = reinterpret_cast<const char*>(bytes.data());
  const llhttp_errno_t error = llhttp_execute(&parser_, begin, bytes.size());
  if (is_complete_) return static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - begin);
  if (error != HPE_OK) throw_refusal(error);
  if (!head_is_complete_) head_bytes_ += bytes.size();
  return bytes.size();
}

void http_message::end_of_stream() {
  llhttp_finish(&parser_);  // completes a body that lasts until the end of the stream, and nothing else
  if (!is_complete_) throw http_error(400, "the connection was closed in the middle of a message");
}

void http_message::throw_refusal(llhttp_errno_t error) const {
  if (refusal_ != nullptr) throw http_error(refusal_status_, refusal_);
  throw http_error(400, std::string("not HTTP: ") + llhttp_errno_name(error));
}

std::string_view http_message::method() const noexcept {
  return llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
}

}  // namespace article
