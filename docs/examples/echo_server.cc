// echo_server: sends back what it is sent, over TCP.
//
//     echo_server --port 7007 &
//     nc 127.0.0.1 7007
//
// A client may close its own side and still gets everything back. A connection costs its buffer of 16 KiB and
// about one more: what is not yet sent back is not read, so a client that does not read stops its own writing.
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>

#include "serving.h"
#include "weft/weft.h"

namespace {

using namespace std::chrono_literals;
using serving::clock;

struct limits {
  std::chrono::nanoseconds idle = 2min;  // without a byte from the client
  std::chrono::nanoseconds write = 20s;  // for the client to take what one read brought
};

// A stop, a limit that is exceeded and a client that is gone all end it in the middle of an operation.
weft::task<> echo(serving::client& peer, const limits& within) {
  std::array<std::byte, 16 * 1024> buffer;
  for (;;) {
    peer.idle_until(clock::now() + within.idle);
    const auto count = co_await weft::as_result(peer.stream.read(buffer));
    if (!count || *count == 0) co_return;  // at the end of the stream everything has been sent

    peer.busy_until(clock::now() + within.write);
    for (auto unsent = std::as_bytes(std::span(buffer)).first(*count); !unsent.empty();) {
      const auto sent = co_await weft::as_result(peer.stream.write_some(unsent));
      if (!sent) co_return;
      unsent = unsent.subspan(*sent);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  serving::options chosen;
  chosen.port = 7007;
  limits within;
  CLI::App app("A TCP server that sends back what it is sent.");
  serving::add_options(app, chosen);
  serving::add_seconds(app, "--idle-timeout", within.idle, "Without a byte from the client");
  serving::add_seconds(app, "--write-timeout", within.write, "For a client to take what it sent");
  CLI11_PARSE(app, argc, argv);

  return serving::run("echo_server", chosen, [&](serving::client& peer) { return echo(peer, within); });
}
