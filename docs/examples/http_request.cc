// SPDX-License-Identifier: Apache-2.0
#include "http_request.h"

#include <algorithm>

namespace {

constexpr std::string_view host = "host";

http_request& self(llhttp_t* parser) {
  return *static_cast<http_request*>(parser->data);
}

}  // namespace

void http_request::begin() noexcept {
  llhttp_init(&parser_, HTTP_REQUEST, &callbacks());
  parser_.data = this;
  now_ = phase::before;
  keeps_alive_ = false;
  is_host_ = true;
  name_size_ = 0;
  refusal_ = 0;
  hosts_ = 0;
  head_bytes_ = 0;
  fields_ = 0;
  body_bytes_ = 0;
  target_size_ = 0;
}

const llhttp_settings_t& http_request::callbacks() noexcept {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
      return self(parser).on_target({at, length});
    };
    s.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
      return self(parser).on_field_name({at, length});
    };
    s.on_header_field_complete = [](llhttp_t* parser) { return self(parser).on_field(); };
    s.on_headers_complete = [](llhttp_t* parser) { return self(parser).on_head(); };
    s.on_body = [](llhttp_t* parser, const char*, std::size_t length) {
      return self(parser).on_body(length);
    };
    s.on_message_complete = [](llhttp_t* parser) {
      self(parser).now_ = phase::complete;
      return static_cast<int>(HPE_PAUSED);  // stop here: the bytes that follow are the next request's
    };
    return s;
  }();
  return settings;
}

std::size_t http_request::take(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty() || now_ == phase::complete || now_ == phase::refused) return 0;
  if (now_ == phase::before) now_ = phase::head;
  if (now_ == phase::head) {
    if (head_bytes_ == limits_.head) {
      refuse(431);
      return 0;
    }
    bytes = bytes.first(std::min(bytes.size(), limits_.head - head_bytes_));
  }

  const char* const begin = reinterpret_cast<const char*>(bytes.data());
  const llhttp_errno_t error = llhttp_execute(&parser_, begin, bytes.size());
  if (now_ == phase::complete) return static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - begin);
  if (error != HPE_OK && now_ != phase::refused) refuse(400);
  if (now_ == phase::head) head_bytes_ += bytes.size();
  return bytes.size();
}

int http_request::refuse(int status) noexcept {
  now_ = phase::refused;
  refusal_ = status;
  return -1;
}

int http_request::on_target(std::string_view piece) noexcept {
  const std::size_t taken = piece.copy(target_.data() + target_size_, target_.size() - target_size_);
  target_size_ += taken;
  return 0;
}

int http_request::on_field_name(std::string_view piece) noexcept {
  for (const char each : piece.substr(0, host.size() + 1 - name_size_)) {
    const char lower = each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
    is_host_ = is_host_ && name_size_ < host.size() && lower == host[name_size_];
    ++name_size_;
  }
  return 0;
}

int http_request::on_field() noexcept {
  if (++fields_ > limits_.fields) return refuse(431);
  if (is_host_ && name_size_ == host.size()) ++hosts_;
  is_host_ = true;
  name_size_ = 0;
  return 0;
}

int http_request::on_head() noexcept {
  now_ = phase::body;
  // RFC 9112, 3.2: one Host, or a 400. Only HTTP/1.0 may do without.
  if (hosts_ > 1 || (hosts_ == 0 && !is_http_1_0())) return refuse(400);
  if (parser_.content_length > limits_.body) return refuse(413);
  keeps_alive_ = llhttp_should_keep_alive(&parser_) != 0;
  parser_.upgrade = 0;  // an offer to speak something else, which need not be taken
  return 0;
}

int http_request::on_body(std::size_t size) noexcept {
  body_bytes_ += size;
  return body_bytes_ > limits_.body ? refuse(413) : 0;
}

std::string_view http_request::path() const noexcept {
  std::string_view found(target_.data(), target_size_);
  if (constexpr std::string_view scheme = "http://"; found.starts_with(scheme)) {
    found.remove_prefix(scheme.size());
    found.remove_prefix(std::min(found.find('/'), found.size()));
  }
  return found.substr(0, found.find('?'));
}
