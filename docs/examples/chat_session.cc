// SPDX-License-Identifier: Apache-2.0
#include "chat_session.h"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace chat {
namespace {

// Cuts what arrives into lines.
class line_reader {
 public:
  line_reader(weft::tcp_stream& from, std::size_t longest) : from_(from), longest_(longest) {}

  struct piece {
    std::string text;  // without its newline
    bool is_too_long;  // then without text
  };
  // Nothing at the end of the stream. Throws std::system_error.
  weft::task<std::optional<piece>> next() {
    bool is_too_long = false;
    for (;;) {
      const std::size_t end = unread_.find('\n');
      if (end != std::string::npos) {
        piece found{.text = unread_.substr(0, end), .is_too_long = is_too_long || end > longest_};
        unread_.erase(0, end + 1);
        if (found.is_too_long) found.text.clear();
        if (found.text.ends_with('\r')) found.text.pop_back();
        co_return found;
      }
      if (unread_.size() > longest_) {  // forgotten up to its newline, however far that is
        is_too_long = true;
        unread_.clear();
      }
      const std::size_t size = co_await from_.read(buffer_);
      if (size == 0) co_return std::nullopt;
      unread_.append(reinterpret_cast<const char*>(buffer_.data()), size);
    }
  }

 private:
  weft::tcp_stream& from_;
  const std::size_t longest_;
  std::string unread_;  // at most a line and a buffer
  std::array<std::byte, 1024> buffer_;
};

// False: that was the last line.
bool act_on(std::string_view text, hall& at, member& me) {
  const std::size_t space = text.find(' ');
  const std::string_view command = text.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : text.substr(space + 1);
  if (command == "/quit") return false;
  if (command == "/nick") {
    at.rename(me, argument);
  } else if (command == "/join") {
    at.join(me, argument);
  } else if (command == "/who") {
    at.tell_who_is_here(me);
  } else if (text.starts_with('/')) {
    me.out.put(make_line("* there are /nick NAME, /join ROOM, /who, /quit"));
  } else if (!text.empty()) {
    at.say(me, text);
  }
  return true;
}

weft::task<> read_lines(hall& at, const limits& within, weft::tcp_stream& connection, member& me) {
  std::string last = "* goodbye";
  std::optional<presence> here(std::in_place, at, me);
  line_reader lines(connection, within.line_size);
  try {
    for (bool goes_on = true; goes_on;) {
      const auto next = co_await weft::with_timeout(within.idle, lines.next());
      if (!next) break;
      if (me.out.is_closed()) {  // shown the door: what it says is not heard any more
        here.reset();
      } else if (next->is_too_long) {
        me.out.put(make_line("* a line has at most " + std::to_string(within.line_size) + " bytes"));
      } else {
        goes_on = act_on(next->text, at, me);
      }
    }
  } catch (const weft::timeout_error&) {
    last = "* you said nothing for too long: goodbye";
  } catch (const std::system_error&) {
    // The connection broke.
  }
  me.out.close(make_line(std::move(last)));
}

// False: the connection is of no use any more.
weft::task<bool> write_lines(const limits& within, weft::tcp_stream& connection, member& me) {
  try {
    for (bool is_last = false; !is_last;) {
      const outbox::batch next = co_await me.out.take();
      is_last = next.is_last;
      co_await weft::with_timeout(within.write, connection.write_all(std::as_bytes(std::span(next.text))));
    }
    co_return true;
  } catch (const weft::timeout_error&) {
    // The peer reads nothing.
  } catch (const std::system_error&) {
    // The connection broke.
  }
  co_return false;
}

weft::task<> read_to_the_end(weft::tcp_stream& connection) {
  std::array<std::byte, 1024> ignored;
  while (co_await connection.read(ignored) > 0) {
  }
}

// The last line must arrive. A connection that is closed while there is unread input is reset, and what the
// peer has not read by then is lost: so the peer closes first, if it does so in time.
weft::task<> see_off(const limits& within, weft::tcp_stream& connection) {
  try {
    connection.shutdown_write();
    co_await weft::with_timeout(within.write, read_to_the_end(connection));
  } catch (const weft::timeout_error&) {
    // It had its time.
  } catch (const std::system_error&) {
    // The connection broke.
  }
}

}  // namespace

weft::task<> attend(hall& at, limits within, weft::tcp_stream connection) {
  member me(within.outbox_size);
  bool has_last_line = false;
  co_await weft::with_task_group([&](weft::task_group& group) -> weft::task<> {
    group.spawn([&] { return read_lines(at, within, connection, me); });
    has_last_line = co_await write_lines(within, connection, me);
    group.request_stop();  // the reader
  });
  if (has_last_line) co_await see_off(within, connection);
}

}  // namespace chat
