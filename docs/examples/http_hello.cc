// http_hello: the smallest HTTP/1.1 server that may stand in the open.
//
//     http_hello --port 8080 &
//     curl http://127.0.0.1:8080/
//
// GET and HEAD of "/"; anything else is refused politely. All requests that one read brings are answered by
// one write. Each limit is an option; the defaults are those at struct limits, and serving_options.h has the
// number of connections.
//
// A connection costs some 4 KiB here: 2 KiB to read into, 500 bytes of request, the frames of two coroutines,
// and the answers to what one read brought (82 at most, of some 130 bytes). A socket's own buffers are the
// kernel's.
//
// `Expect: 100-continue` is let pass: who asks goes on by himself after a moment, and a body that is too
// large is refused before it is sent.
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "http_request.h"
#include "serving.h"
#include "weft/weft.h"

namespace {

using namespace std::chrono_literals;
using serving::clock;

struct limits {
  http_request::limits request;
  // All of a head, however it is split. Of the first one, from the beginning of the connection. A client that drips
  // is gone within ten seconds, also on a busy machine.
  std::chrono::nanoseconds head = 9500ms;
  // All of a body, after its head.
  std::chrono::nanoseconds body = 20s;
  // From a request to the beginning of the next.
  std::chrono::nanoseconds idle = 2min;
  // For the answers to what one read brought.
  std::chrono::nanoseconds write = 20s;
};

// After the last answer of a connection: to read what the client was still sending. Closing over unread bytes
// would reset the connection, and the answer could be lost.
constexpr auto linger = 2s;

struct reply {
  reply(std::string_view status, std::string_view fields, std::string text) : body(std::move(text)) {
    head.append("HTTP/1.1 ").append(status).append("\r\nContent-Type: text/plain\r\nContent-Length: ");
    head.append(std::to_string(body.size())).append("\r\n").append(fields);
  }
  std::string head;  // up to the last field; the empty line is to come
  std::string body;
};

const reply hello("200 OK", "", "hello, world\n");
const reply bad_request("400 Bad Request", "", "this is not HTTP/1.1\n");
const reply not_found("404 Not Found", "", "there is nothing here but /\n");
const reply wrong_method("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "only GET and HEAD\n");
const reply body_too_large("413 Content Too Large", "", "the body is too large\n");
const reply head_too_large("431 Request Header Fields Too Large", "", "the head is too large\n");

const reply& reply_to(const http_request& request) {
  if (request.now() == http_request::phase::refused) {
    switch (request.refusal()) {
      case 413:
        return body_too_large;
      case 431:
        return head_too_large;
      default:
        return bad_request;
    }
  }
  if (request.path() != "/") return not_found;
  return request.is_get() || request.is_head() ? hello : wrong_method;
}

void append_answer(const http_request& request, bool keeps_alive, std::string& to) {
  const reply& chosen = reply_to(request);
  to.append(chosen.head);
  if (!keeps_alive) {
    to.append("Connection: close\r\n");
  } else if (request.is_http_1_0()) {
    to.append("Connection: keep-alive\r\n");
  }
  to.append("\r\n");
  if (!request.is_head()) to.append(chosen.body);
}

// One client's requests, one after the other.
class session {
 public:
  session(serving::client& peer, const limits& within)
      : peer_(peer), limits_(within), request_(within.request) {
    due_ = clock::now() + limits_.head;
    peer_.idle_until(due_);
  }

  // What a read brought. False: the answers are the last ones.
  [[nodiscard]] bool take(std::span<const std::byte> unread, clock::time_point now);

  [[nodiscard]] std::span<const std::byte> answers() const { return std::as_bytes(std::span(answers_)); }
  void forget_answers() { answers_.clear(); }  // keeps the memory for the next ones

  // How long the next step may take.
  void expect_write(clock::time_point now) { peer_.busy_until(now + limits_.write); }
  void expect_read();

 private:
  serving::client& peer_;
  const limits& limits_;
  http_request request_;
  http_request::phase timed_ = http_request::phase::head;  // what due_ is for
  clock::time_point due_;
  std::string answers_;
};

bool session::take(std::span<const std::byte> unread, clock::time_point now) {
  using phase = http_request::phase;
  while (!unread.empty()) {
    unread = unread.subspan(request_.take(unread));
    if (request_.now() == phase::refused) {
      append_answer(request_, false, answers_);
      return false;
    }
    if (request_.now() != phase::complete) continue;
    const bool keeps_alive = request_.keeps_alive() && !peer_.server_is_stopping();
    append_answer(request_, keeps_alive, answers_);
    if (!keeps_alive) return false;
    request_.begin();
    timed_ = phase::before;
    due_ = now + limits_.idle;
  }
  // A limit counts from the read that began its phase: reads that come later do not prolong it.
  if (request_.now() != timed_) {
    timed_ = request_.now();
    due_ = now + (timed_ == phase::head ? limits_.head : limits_.body);
  }
  return true;
}

void session::expect_read() {
  if (request_.now() == http_request::phase::before) {
    peer_.idle_until(due_);
  } else {
    peer_.busy_until(due_);
  }
}

// A stop, a limit that is exceeded and a client that is gone all end it in the middle of an operation.
weft::task<> converse(serving::client& peer, const limits& within) {
  std::array<std::byte, 2048> buffer;
  session requests(peer, within);
  for (bool goes_on = true; goes_on;) {
    const auto count = co_await weft::as_result(peer.stream.read(buffer));
    if (!count || *count == 0) co_return;
    const auto now = clock::now();
    goes_on = requests.take(std::span(buffer).first(*count), now);

    auto unsent = requests.answers();
    if (!unsent.empty()) requests.expect_write(now);
    while (!unsent.empty()) {
      const auto sent = co_await weft::as_result(peer.stream.write_some(unsent));
      if (!sent) co_return;
      unsent = unsent.subspan(*sent);
    }
    requests.forget_answers();
    requests.expect_read();
  }

  peer.busy_until(clock::now() + linger);
  try {
    peer.stream.shutdown_write();
  } catch (const std::system_error&) {
    co_return;  // the client was faster
  }
  for (;;) {
    const auto count = co_await weft::as_result(peer.stream.read(buffer));
    if (!count || *count == 0) co_return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  serving::options chosen;
  limits within;
  CLI::App app("An HTTP/1.1 server with one page, and the limits that a server needs.");
  serving::add_options(app, chosen);
  serving::add_seconds(app, "--head-timeout", within.head, "For the head of a request, in total");
  serving::add_seconds(app, "--body-timeout", within.body, "For the body of a request, in total");
  serving::add_seconds(app, "--idle-timeout", within.idle, "From a request to the next one");
  serving::add_seconds(app, "--write-timeout", within.write, "For a client to take an answer");
  app.add_option("--head-limit", within.request.head, "Bytes of a head")
      ->capture_default_str()
      ->check(CLI::Range(64, 1 << 30));
  app.add_option("--field-limit", within.request.fields, "Fields of a head")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--body-limit", within.request.body, "Bytes of a body, which is thrown away")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  return serving::run("http_hello", chosen, [&](serving::client& peer) { return converse(peer, within); });
}
