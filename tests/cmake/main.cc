// Something of each part: tasks, a join, sockets on loopback, the compute pool, and an error, partly in a library of
// the program's own, which in a shared build is a shared object beside libweft.so.

#include <cstddef>
#include <iostream>
#include <span>
#include <string>

#include "greeter.h"
#include "weft/net/tcp_listener.h"
#include "weft/weft.h"

namespace {

weft::task<int> answer(int part) {
  co_await weft::yield_now();
  co_return part;
}

weft::task<> serve_one(weft::tcp_listener& listener) {
  co_await greet(co_await listener.accept());
}

weft::task<std::string> ask(weft::endpoint server) {
  weft::tcp_stream peer = co_await weft::tcp_stream::connect(server);
  const std::string name = "cmake";
  co_await peer.write_all(std::as_bytes(std::span(name)));
  peer.shutdown_write();
  std::string said;
  std::byte piece[64];
  for (;;) {
    const std::size_t got = co_await peer.read(piece);
    if (got == 0) break;
    said.append(reinterpret_cast<const char*>(piece), got);
  }
  co_return said;
}

weft::task<bool> times_out() {
  try {
    co_await wait_in_vain();
  } catch (const weft::timeout_error&) {
    co_return true;
  }
  co_return false;
}

weft::task<int> program() {
  auto [a, b] = co_await weft::when_all(answer(30), answer(2));
  const int ten = co_await weft::compute([] { return 10; });
  weft::tcp_listener listener = weft::tcp_listener::bind(weft::endpoint::loopback_v4(0));
  const weft::endpoint here = listener.local_endpoint();
  auto said = co_await weft::when_all(ask(here), serve_one(listener));
  const bool timed_out = co_await times_out();
  std::cout << "cmake: " << a + b + ten << ", " << std::get<0>(said) << (timed_out ? ", in time" : "")
            << '\n';
  co_return 0;
}

}  // namespace

int main() {
  std::cout << "weft " << WEFT_VERSION << '\n';
  return weft::run(program());
}
