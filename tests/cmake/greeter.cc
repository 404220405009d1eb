#include "greeter.h"

#include <chrono>
#include <cstddef>
#include <span>

#include "weft/sleep.h"
#include "weft/timeout.h"

static weft::task<> an_hour() {
  co_await weft::sleep_for(std::chrono::hours(1));
}

weft::task<> greet(weft::tcp_stream peer) {
  std::string name;
  std::byte piece[64];
  for (;;) {
    const std::size_t got = co_await peer.read(piece);
    if (got == 0) break;
    name.append(reinterpret_cast<const char*>(piece), got);
  }
  const std::string answer = "hello " + name;
  co_await peer.write_all(std::as_bytes(std::span(answer)));
  peer.shutdown_write();
}

weft::task<> wait_in_vain() {
  co_await weft::with_timeout(std::chrono::milliseconds(1), an_hour());
}
