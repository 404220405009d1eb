// tcp_listener: connections come in one by one, none is lost, and what the system refuses is told.
// SPDX-License-Identifier: Apache-2.0
#include "weft/net/tcp_listener.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "weft/outcome.h"
#include "weft/runtime.h"
#include "weft/task_group.h"
#include "weft/timeout.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

TEST(tcp_listener, bound_to_port_zero_says_which_one_it_got) {
  runtime rt({.workers = 1});
  const tcp_listener listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  EXPECT_TRUE(listener.is_open());
  EXPECT_NE(listener.local_endpoint().port(), 0);
  EXPECT_EQ(listener.local_endpoint(), endpoint::loopback_v4(listener.local_endpoint().port()));
}

TEST(tcp_listener, serves_many_clients_at_once) {
  runtime rt({.workers = 4});
  constexpr int clients = 200;
  std::atomic<int> served = 0;
  const auto serve = [](tcp_stream peer) -> task<> {
    const std::string asked = co_await read_to_end(peer);
    co_await peer.write_all(bytes_of(asked));
    peer.shutdown_write();
  };
  const auto ask = [&served](endpoint at, int number) -> task<> {
    tcp_stream peer = co_await tcp_stream::connect(at);
    const std::string question = "client " + std::to_string(number);
    co_await peer.write_all(bytes_of(question));
    peer.shutdown_write();
    const std::string answer = co_await read_to_end(peer);
    EXPECT_EQ(answer, question);
    ++served;
  };
  const auto body = [&](task_group& group) -> task<> {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    const endpoint at = listener.local_endpoint();
    for (int i = 0; i < clients; ++i) EXPECT_TRUE(group.spawn(ask, at, i));
    for (int i = 0; i < clients; ++i) {
      tcp_stream peer = co_await listener.accept();
      EXPECT_TRUE(group.spawn(serve, std::move(peer)));
    }
  };
  rt.block_on(with_task_group(body));
  EXPECT_EQ(served, clients);
}

TEST(tcp_listener, works_with_ipv6_where_the_machine_has_it) {
  runtime rt({.workers = 1});
  const auto talk = [&]() -> task<bool> {
    tcp_listener listener;
    try {
      listener = tcp_listener::bind(endpoint::loopback_v6(0));
    } catch (const std::system_error& none) {
      co_return false;
    }
    const endpoint at = listener.local_endpoint();
    EXPECT_TRUE(at.is_v6());
    const auto ends = co_await when_all(tcp_stream::connect(at), accept_one(listener));
    EXPECT_EQ(std::get<0>(ends).peer_endpoint(), at);
    co_return true;
  };
  if (!rt.block_on(talk())) GTEST_SKIP() << "this machine has no IPv6 loopback";
}

TEST(tcp_listener, refuses_a_port_that_is_in_use_and_says_which) {
  runtime rt({.workers = 1});
  const tcp_listener first = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  std::error_code code;
  std::string text;
  try {
    static_cast<void>(tcp_listener::bind(rt, first.local_endpoint()));
  } catch (const std::system_error& refused) {
    code = refused.code();
    text = refused.what();
  }
  EXPECT_EQ(code, std::errc::address_in_use);
  EXPECT_NE(text.find(first.local_endpoint().to_string()), std::string::npos) << text;
}

TEST(tcp_listener, that_is_closed_frees_its_port) {
  runtime rt({.workers = 1});
  tcp_listener first = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  const endpoint at = first.local_endpoint();
  first.close();
  first.close();
  EXPECT_FALSE(first.is_open());
  const tcp_listener second = tcp_listener::bind(rt, at);
  EXPECT_EQ(second.local_endpoint(), at);
}

TEST(tcp_listener, that_is_closed_ends_a_waiting_accept) {
  runtime rt({.workers = 1});
  tcp_listener listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  std::error_code code;
  const auto accepts = [&]() -> task<> {
    const result<tcp_stream> got = co_await as_result(listener.accept());
    code = got.error();
  };
  auto handle = rt.spawn(accepts);
  let_all_wait(rt);
  listener.close();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
  EXPECT_EQ(code, std::errc::operation_canceled);
}

TEST(tcp_listener, refuses_a_second_accept_and_the_first_goes_on) {
  runtime rt({.workers = 1});
  tcp_listener listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  auto first = rt.spawn(accept_one(listener));
  let_all_wait(rt);
  const auto second = [&]() -> task<> {
    const result<tcp_stream> got = co_await as_result(listener.accept());
    EXPECT_EQ(got.error(), std::errc::device_or_resource_busy);
    const tcp_stream client = co_await tcp_stream::connect(listener.local_endpoint());
    const tcp_stream server = co_await first;
    EXPECT_EQ(server.peer_endpoint(), client.local_endpoint());
  };
  rt.block_on(second());
}

TEST(tcp_listener, that_was_never_bound_has_a_bad_descriptor_for_everything) {
  runtime rt({.workers = 1});
  tcp_listener none;
  EXPECT_FALSE(none.is_open());
  none.close();
  EXPECT_EQ(code_thrown_by([&] { return none.local_endpoint(); }), std::errc::bad_file_descriptor);
  const auto accepts = [&]() -> task<> { static_cast<void>(co_await none.accept()); };
  EXPECT_EQ(code_thrown_by([&] {
              rt.block_on(accepts());
              return 0;
            }),
            std::errc::bad_file_descriptor);
}

// Stop: no connection is lost.
TEST(tcp_listener, keeps_the_connection_that_a_stopped_accept_did_not_get) {
  runtime rt({.workers = 2});
  const auto talk = [&]() -> task<> {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    const endpoint at = listener.local_endpoint();
    constexpr int clients = 200;
    const auto connects = [&]() -> task<> {
      std::vector<tcp_stream> open;
      for (int i = 0; i < clients; ++i) open.push_back(co_await tcp_stream::connect(at));
    };
    int accepted = 0;
    const auto accepts = [&]() -> task<> {
      for (int i = 0; accepted < clients; ++i) {
        try {
          const tcp_stream got =
              co_await with_timeout(std::chrono::microseconds(i % 100), accept_one(listener));
          ++accepted;
        } catch (const timeout_error&) {
        }
      }
    };
    co_await when_all(connects(), accepts());
    EXPECT_EQ(accepted, clients);
  };
  rt.block_on(talk());
}

TEST(tcp_listener, accepts_what_connected_before_anyone_asked) {
  runtime rt({.workers = 1});
  tcp_listener listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  const plain_socket first(listener.local_endpoint().port());
  const plain_socket second(listener.local_endpoint().port());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(rt.block_on(accept_one(listener)).is_open());
}

}  // namespace
}  // namespace weft::test
