// chat_server: rooms, names, and lines of text over TCP.
//
//     chat_server --port 5555 &
//     nc 127.0.0.1 5555
//
// Each member is a session (chat_session.h) of two tasks; what is said goes through the hall (chat_hall.h)
// into bounded outboxes (chat_outbox.h). At most --members at a time: with the bounds of a session that is
// all the memory that the world outside can make it use.
//
// The main thread waits for a signal. Ctrl-C and SIGTERM: nobody is let in any more, everybody gets a last
// line, and the program ends with 0 when the last session has: after three times --write-limit seconds at the
// latest. A second signal ends it at once.
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "chat_hall.h"
#include "chat_session.h"
#include "weft/net/tcp_listener.h"
#include "weft/weft.h"

namespace chat {
namespace {

using namespace std::chrono_literals;

struct options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 5555;
  std::size_t members = 1000;
  limits each;
};

// A member counts until its session has ended.
weft::task<> attend_with_permit(hall& at, limits within, weft::tcp_stream connection,
                                weft::semaphore_permit permit) {
  co_await attend(at, within, std::move(connection));
  permit.release();
}

// Until the listener is closed and the last session has ended.
weft::task<> serve(weft::tcp_listener& listener, hall& at, const options& chosen) {
  weft::semaphore places(static_cast<std::ptrdiff_t>(chosen.members));
  co_await weft::with_task_group([&](weft::task_group& sessions) -> weft::task<> {
    while (listener.is_open()) {
      auto permit = co_await places.acquire();
      auto accepted = co_await weft::as_result(listener.accept());
      if (accepted) {
        sessions.spawn(attend_with_permit, std::ref(at), chosen.each, std::move(*accepted),
                       std::move(permit));
      } else if (listener.is_open()) {
        // Of this one connection, or for want of descriptors; others may end meanwhile.
        std::fprintf(stderr, "chat_server: accept: %s\n", accepted.error().message().c_str());
        co_await weft::sleep_for(100ms);
      }
    }
  });
}

weft::task<> close_doors(weft::tcp_listener& listener, hall& at) {
  listener.close();
  at.close("the server is closing: goodbye");
  co_return;
}

void run(const options& chosen) {
  const auto here = weft::endpoint::parse(chosen.address, chosen.port);
  if (!here) throw std::invalid_argument(chosen.address + " is no numeric address");

  // Before there is another thread: all inherit the mask, and the signal comes to this one.
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &awaited, nullptr);

  hall meeting;
  weft::runtime rt;
  auto listener = weft::tcp_listener::bind(rt, *here);
  auto serving = rt.spawn(serve, std::ref(listener), std::ref(meeting), std::cref(chosen));
  std::printf("chat_server: listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);

  int received = 0;
  sigwait(&awaited, &received);
  ::pthread_sigmask(SIG_UNBLOCK, &awaited, nullptr);
  rt.block_on(close_doors(listener, meeting));
  rt.block_on(std::move(serving));
}

}  // namespace
}  // namespace chat

int main(int argc, char** argv) {
  chat::options chosen;
  std::int64_t idle = chosen.each.idle.count();
  std::int64_t write = chosen.each.write.count();
  CLI::App app(
      "A chat over TCP, a line at a time. Commands of a member: /nick NAME, /join ROOM, /who, /quit.");
  app.add_option("--address", chosen.address, "numeric address to listen on; default: 127.0.0.1");
  app.add_option("--port", chosen.port, "port to listen on, 0 for a free one; default: 5555");
  app.add_option("--members", chosen.members, "so many at a time; default: 1000")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--idle", idle, "seconds without a line; default: 600")->check(CLI::Range(1, 86400));
  app.add_option("--outbox", chosen.each.outbox_size, "bytes that may wait for a member; default: 65536")
      ->check(CLI::Range(1024, 1 << 24));
  app.add_option("--write-limit", write, "seconds for a member to take what is sent; default: 5")
      ->check(CLI::Range(1, 3600));
  CLI11_PARSE(app, argc, argv);
  chosen.each.idle = std::chrono::seconds(idle);
  chosen.each.write = std::chrono::seconds(write);

  try {
    chat::run(chosen);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chat_server: %s\n", error.what());
    return 1;
  }
}
