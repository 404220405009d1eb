// SPDX-License-Identifier: Apache-2.0
#include "http_session.h"

#include <chrono>
#include <utility>

namespace article {
namespace {

// Far above what any program here waits for: it turns a hang into an error, and never a slow machine into
// one.
constexpr std::chrono::seconds patience{30};

}  // namespace

http_session::http_session(weft::endpoint server)
    : server_(server), host_("127.0.0.1:" + std::to_string(server.port())) {}

weft::task<std::string> http_session::get(std::string target) {
  co_return co_await weft::with_timeout(patience, exchange("GET", std::move(target)));
}

weft::task<std::string> http_session::post(std::string target) {
  co_return co_await weft::with_timeout(patience, exchange("POST", std::move(target)));
}

weft::task<std::string> http_session::exchange(std::string method, std::string target) {
  // A kept connection can have been closed by the server in the meantime; a client for the wide world would
  // then try once more on a new one. The slow API never closes first.
  std::unique_ptr<http_connection> connection = take_idle();
  if (connection == nullptr) {
    weft::tcp_stream stream = co_await weft::tcp_stream::connect(server_);
    connection = std::make_unique<http_connection>(std::move(stream));
  }

  const std::string length = method == "POST" ? "Content-Length: 0\r\n" : "";
  co_await connection->write(method + ' ' + target + " HTTP/1.1\r\nHost: " + host_ +
                             "\r\nAccept: application/json\r\n" + length + "\r\n");

  http_message answer(http_message::kind::response);
  const bool has_answer = co_await connection->read(answer);
  if (!has_answer) throw http_error(502, target + ": the server closed the connection and did not answer");

  // Only now: a connection on which anything failed or was stopped is dropped on the way out, never used
  // again.
  if (answer.keeps_alive()) give_back(std::move(connection));
  if (answer.status() != 200) {
    throw http_error(answer.status(),
                     target + ": status " + std::to_string(answer.status()) + ", " + answer.body());
  }
  co_return answer.body();
}

std::unique_ptr<http_connection> http_session::take_idle() {
  const std::lock_guard lock(guard_);
  if (idle_.empty()) return nullptr;
  std::unique_ptr<http_connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void http_session::give_back(std::unique_ptr<http_connection> connection) {
  const std::lock_guard lock(guard_);
  idle_.push_back(std::move(connection));
}

}  // namespace article
