// SPDX-License-Identifier: Apache-2.0
#include "http_connection.h"

namespace article {

weft::task<bool> http_connection::read(http_message& message) {
  while (!message.is_complete()) {
    if (unread_.empty()) {
      const std::size_t count = co_await stream_.read(std::span<std::byte>(buffer_));
      if (count == 0) {
        if (!message.has_begun()) co_return false;
        message.end_of_stream();
        break;
      }
      unread_ = std::span<const std::byte>(buffer_).first(count);
    }
    unread_ = unread_.subspan(message.take(unread_));
  }
  co_return true;
}

weft::task<> http_connection::write(std::string text) {
  co_await stream_.write_all(std::as_bytes(std::span(text)));  // `text` lives in this frame
}

}  // namespace article
