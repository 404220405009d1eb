// Socket calls and addresses, over the loopback of this machine.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "weft/rt/os/address.h"
#include "weft/rt/os/poll.h"
#include "weft/rt/os/socket.h"
#include "weft/rt/os/wake_fd.h"

namespace {

namespace os = weft::rt::os;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Bounded: a test that would hang fails instead.
bool becomes_ready(int descriptor, std::uint32_t events) {
  const os::result<os::fd> epoll = os::epoll_create();
  std::array<epoll_event, 1> ready{};
  if (os::epoll_add(epoll.value().get(), descriptor, events, 0)) return false;
  return os::epoll_wait(epoll.value().get(), ready, 30'000'000'000).value == 1;
}

std::string receive(int descriptor, std::size_t most) {
  EXPECT_TRUE(becomes_ready(descriptor, EPOLLIN));
  std::string text(most, '\0');
  const os::io_result received = os::recv(descriptor, std::as_writable_bytes(std::span(text)));
  EXPECT_FALSE(received.is_error()) << received.error().message();
  text.resize(received.count());
  return text;
}

struct connection {
  os::fd listener;
  os::fd client;
  os::fd server;
  os::address client_address;
};

connection connect_to(const os::address& where) {
  connection made;
  made.listener = os::bind_and_listen(where, 16).value();
  const os::address at = os::local_address(made.listener.get()).value();
  made.client = os::open_stream(at.family()).value();
  os::io_result connected = os::start_connect(made.client.get(), at);
  if (connected.would_block()) {
    EXPECT_TRUE(becomes_ready(made.client.get(), EPOLLOUT));
    connected = os::finish_connect(made.client.get());
  }
  EXPECT_EQ(connected.value, 0) << connected.error().message();
  EXPECT_TRUE(becomes_ready(made.listener.get(), EPOLLIN));
  made.server = os::accept(made.listener.get(), &made.client_address).value();
  return made;
}

bool is_nonblocking_and_closed_on_exec(int descriptor) {
  return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0 && (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(os_address, numbers_are_parsed_and_printed_back) {
  struct pair_of_texts {
    const char* host;
    const char* printed;
  };
  for (const auto& [host, printed] : {pair_of_texts{"127.0.0.1", "127.0.0.1:80"},
                                      {"255.255.255.255", "255.255.255.255:80"},
                                      {"::", "[::]:80"},
                                      {"::1", "[::1]:80"},
                                      {"2001:DB8:0:0::7", "[2001:db8::7]:80"},
                                      {"::ffff:10.1.2.3", "[::ffff:10.1.2.3]:80"},
                                      {"fe80::1%3", "[fe80::1%3]:80"}}) {
    const auto parsed = os::address::parse(host, 80);
    ASSERT_TRUE(parsed) << host;
    EXPECT_EQ(parsed->to_string(), printed);
    EXPECT_EQ(parsed->port(), 80);
  }
}

TEST(os_address, what_is_not_a_number_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view host :
       {""sv, "localhost"sv, "127.1"sv, "0x7f.0.0.1"sv, "127.0.0.1 "sv, "256.0.0.1"sv, "[::1]"sv, ":::"sv,
        "fe80::1%"sv, "fe80::1%lo"sv, "127.0.0.1%1"sv, "fe80::1%4294967296"sv, "127.0.0.1\0evil"sv,
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"sv}) {
    EXPECT_FALSE(os::address::parse(host, 80)) << host;
  }
}

TEST(os_address, equal_addresses_are_equal_whatever_the_padding_held) {
  sockaddr_in noisy;
  std::memset(&noisy, 0x5a, sizeof noisy);
  noisy.sin_family = AF_INET;
  noisy.sin_port = htons(7);
  noisy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* bytes = reinterpret_cast<const sockaddr*>(&noisy);
  EXPECT_EQ(os::address::from_sockaddr(bytes, sizeof noisy), os::address::loopback_v4(7));
  EXPECT_NE(os::address::loopback_v4(7), os::address::loopback_v4(8));
  EXPECT_NE(os::address::any_v4(7), os::address::any_v6(7));
  EXPECT_EQ(os::address(), os::address::any_v4(0));
  EXPECT_EQ(os::address::parse("::1", 9), os::address::loopback_v6(9));
}

TEST(os_address, foreign_families_and_cut_structures_are_refused) {
  const os::address known = os::address::loopback_v6(1);
  EXPECT_TRUE(os::address::from_sockaddr(known.data(), known.size()));
  EXPECT_FALSE(os::address::from_sockaddr(known.data(), known.size() - 1));
  EXPECT_FALSE(os::address::from_sockaddr(known.data(), 1));
  EXPECT_FALSE(os::address::from_sockaddr(nullptr, 0));
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  EXPECT_FALSE(os::address::from_sockaddr(reinterpret_cast<const sockaddr*>(&local), sizeof local));
}

TEST(os_socket, a_connection_carries_bytes_both_ways_and_then_ends) {
  for (const os::address& where : {os::address::loopback_v4(0), os::address::loopback_v6(0)}) {
    const auto probe = os::bind_and_listen(where, 1);
    if (probe.error() == std::errc::address_not_available ||
        probe.error() == std::errc::address_family_not_supported) {
      continue;  // a machine without IPv6
    }
    const connection open = connect_to(where);
    EXPECT_EQ(os::send(open.client.get(), bytes_of("ping")).count(), 4u);
    EXPECT_EQ(receive(open.server.get(), 100), "ping");
    EXPECT_EQ(os::send(open.server.get(), bytes_of("pong!")).count(), 5u);
    EXPECT_EQ(receive(open.client.get(), 2), "po");
    EXPECT_EQ(receive(open.client.get(), 100), "ng!");
    EXPECT_FALSE(os::shutdown(open.client.get(), os::shutdown_side::send));
    EXPECT_EQ(receive(open.server.get(), 100), "");
  }
}

TEST(os_socket, both_ends_agree_on_their_addresses) {
  const connection open = connect_to(os::address::loopback_v4(0));
  EXPECT_EQ(os::local_address(open.client.get()).value(), os::peer_address(open.server.get()).value());
  EXPECT_EQ(os::local_address(open.server.get()).value(), os::peer_address(open.client.get()).value());
  EXPECT_EQ(os::local_address(open.client.get()).value(), open.client_address);
  EXPECT_EQ(os::peer_address(open.listener.get()).error(), std::errc::not_connected);
  const os::fd_pair nameless = os::pair().value();
  EXPECT_EQ(os::local_address(nameless.first.get()).error(), std::errc::address_family_not_supported);
}

TEST(os_socket, no_descriptor_blocks_or_outlives_an_exec) {
  const connection open = connect_to(os::address::loopback_v4(0));
  const os::fd_pair two = os::pair().value();
  const os::wake_fd wake = os::wake_fd::create().value();
  for (const int descriptor : {open.listener.get(), open.client.get(), open.server.get(), two.first.get(),
                               two.second.get(), wake.get()}) {
    EXPECT_TRUE(is_nonblocking_and_closed_on_exec(descriptor));
  }
  EXPECT_NE(::fcntl(os::epoll_create().value().get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(os_socket, nothing_to_take_is_would_block) {
  const connection open = connect_to(os::address::loopback_v4(0));
  std::array<std::byte, 8> room{};
  EXPECT_TRUE(os::recv(open.client.get(), room).would_block());
  EXPECT_TRUE(os::accept(open.listener.get()).would_block());
  const os::fd_pair two = os::pair().value();
  const std::vector<std::byte> much(1 << 20);
  os::io_result sent;
  while (!sent.is_error()) sent = os::send(two.first.get(), much);
  EXPECT_TRUE(sent.would_block());
}

TEST(os_socket, a_peer_that_left_is_an_error_and_not_a_signal) {
  // SIGPIPE has its default disposition here: raised, it would end this process.
  os::fd_pair two = os::pair().value();
  two.second.reset();
  EXPECT_EQ(os::send(two.first.get(), bytes_of("x")).error(), std::errc::broken_pipe);
  std::array<iovec, 1> piece{{{.iov_base = &two, .iov_len = 1}}};
  EXPECT_EQ(os::send_vec(two.first.get(), piece).error(), std::errc::broken_pipe);
}

TEST(os_socket, a_refused_connection_is_one_error) {
  os::fd listener = os::bind_and_listen(os::address::loopback_v4(0), 1).value();
  const os::address gone = os::local_address(listener.get()).value();
  listener.reset();
  const os::fd client = os::open_stream(gone.family()).value();
  os::io_result connected = os::start_connect(client.get(), gone);
  if (connected.would_block()) {
    EXPECT_TRUE(becomes_ready(client.get(), EPOLLOUT));
    connected = os::finish_connect(client.get());
  }
  EXPECT_EQ(connected.error(), std::errc::connection_refused);
}

TEST(os_socket, a_stale_wake_up_is_not_a_connection) {
  const os::fd client = os::open_stream(os::address_family::v4).value();
  EXPECT_TRUE(becomes_ready(client.get(), EPOLLOUT)) << "epoll calls an idle socket writable";
  EXPECT_TRUE(os::finish_connect(client.get()).would_block());
  EXPECT_EQ(os::finish_connect(os::pair().value().first.get()).value, 0) << "connected, though nameless";
}

TEST(os_socket, a_connection_waits_in_the_queue_while_descriptors_have_run_out) {
  const os::fd listener = os::bind_and_listen(os::address::loopback_v4(0), 16).value();
  const os::fd client = os::open_stream(os::address_family::v4).value();
  static_cast<void>(os::start_connect(client.get(), os::local_address(listener.get()).value()));
  ASSERT_TRUE(becomes_ready(listener.get(), EPOLLIN));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::error_code error = os::accept(listener.get()).error();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(error, std::errc::too_many_files_open);
  EXPECT_FALSE(os::accept(listener.get()).is_error());
}

TEST(os_socket, a_port_is_shared_only_by_those_who_say_so) {
  const os::fd alone = os::bind_and_listen(os::address::loopback_v4(0), 1).value();
  EXPECT_EQ(os::bind_and_listen(os::local_address(alone.get()).value(), 1).error(),
            std::errc::address_in_use);
  const os::fd first = os::bind_and_listen(os::address::loopback_v4(0), 1, true, true).value();
  EXPECT_FALSE(os::bind_and_listen(os::local_address(first.get()).value(), 1, true, true).is_error());
}

TEST(os_socket, pieces_are_sent_and_received_in_order) {
  const os::fd_pair two = os::pair().value();
  std::string hello = "hello ", world = "world", left(4, '\0'), right(16, '\0');
  std::array<iovec, 2> from{{{hello.data(), hello.size()}, {world.data(), world.size()}}};
  std::array<iovec, 2> into{{{left.data(), left.size()}, {right.data(), right.size()}}};
  EXPECT_EQ(os::send_vec(two.first.get(), from).count(), 11u);
  EXPECT_EQ(os::recv_vec(two.second.get(), into).count(), 11u);
  EXPECT_EQ(left, "hell");
  EXPECT_EQ(right.substr(0, 7), "o world");
}

TEST(os_socket, more_pieces_than_the_kernel_takes_are_sent_in_part) {
  const os::fd_pair two = os::pair().value();
  char letter = 'x';
  const std::vector<iovec> pieces(3000, iovec{&letter, 1});
  EXPECT_EQ(os::send_vec(two.first.get(), pieces).count(), 1024u);
}

TEST(os_socket, no_delay_reaches_the_socket) {
  const os::fd client = os::open_stream(os::address_family::v4).value();
  EXPECT_FALSE(os::set_no_delay(client.get(), true));
  int value = 0;
  socklen_t size = sizeof value;
  ASSERT_EQ(::getsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  EXPECT_NE(value, 0);
  const os::fd_pair two = os::pair().value();
  EXPECT_TRUE(os::set_no_delay(two.first.get(), true)) << "a local socket has no such option";
}

}  // namespace
