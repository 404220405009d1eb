// tcp_stream: bytes go through, ends are told apart from errors, and every misuse has a clear answer.
// SPDX-License-Identifier: Apache-2.0
#include "weft/net/tcp_stream.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/check_error.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/outcome.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/stop.h"
#include "weft/timeout.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct tcp : testing::Test {
  runtime rt{{.workers = 1}};
  connection ends = rt.block_on(connect_loopback());
  tcp_stream& left = ends.first;
  tcp_stream& right = ends.second;
};

TEST_F(tcp, stream_carries_bytes_both_ways) {
  const auto talk = [&]() -> task<> {
    co_await left.write_all(bytes_of("ping"));
    std::byte four[4];
    EXPECT_EQ(co_await right.read(four), 4u);
    co_await right.write_all(bytes_of("pong"));
    EXPECT_EQ(co_await left.read(four), 4u);
    EXPECT_EQ(std::string(reinterpret_cast<char*>(four), 4), "pong");
  };
  rt.block_on(talk());
}

TEST_F(tcp, stream_gives_zero_bytes_at_its_end_and_not_an_error) {
  const auto talk = [&]() -> task<> {
    co_await left.write_all(bytes_of("all"));
    left.shutdown_write();
    EXPECT_EQ(co_await read_to_end(right), "all");
    std::byte more[1];
    EXPECT_EQ(co_await right.read(more), 0u);
    // The other direction is still open.
    co_await right.write_all(bytes_of("answer"));
    right.close();
    EXPECT_EQ(co_await read_to_end(left), "answer");
  };
  rt.block_on(talk());
}

TEST_F(tcp, stream_writes_much_while_the_peer_reads_it_slowly) {
  const std::size_t size = 4 << 20;
  std::string sent(size, '\0');
  for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 2654435761u >> 24);
  const auto writes = [&]() -> task<> {
    co_await left.write_all(bytes_of(sent));
    left.shutdown_write();
  };
  const auto reads = [&]() -> task<std::string> { co_return co_await read_to_end(right); };
  const auto both = [&]() -> task<> {
    const auto [done, got] = co_await when_all(writes(), reads());
    static_cast<void>(done);
    EXPECT_TRUE(got == sent);
  };
  rt.block_on(both());
}

TEST_F(tcp, stream_may_be_read_and_written_at_the_same_time) {
  const auto echo = [&]() -> task<> {
    std::byte piece[100];
    for (;;) {
      const std::size_t got = co_await right.read(piece);
      if (got == 0) break;
      co_await right.write_all(std::span(piece).first(got));
    }
    right.shutdown_write();
  };
  const std::string text(100'000, 'x');
  const auto writes = [&]() -> task<> {
    co_await left.write_all(bytes_of(text));
    left.shutdown_write();
  };
  const auto all = [&]() -> task<> {
    const auto got = co_await when_all(echo(), writes(), read_to_end(left));
    EXPECT_EQ(std::get<2>(got).size(), text.size());
  };
  rt.block_on(all());
}

TEST_F(tcp, stream_reads_into_an_empty_buffer_at_once) {
  const auto reads = [&]() -> task<std::size_t> { co_return co_await left.read({}); };
  EXPECT_EQ(rt.block_on(with_timeout(patience, reads())), 0u);
  const auto writes = [&]() -> task<> { co_await left.write_all({}); };
  rt.block_on(with_timeout(patience, writes()));
}

TEST_F(tcp, stream_knows_both_its_addresses) {
  EXPECT_EQ(left.local_endpoint(), right.peer_endpoint());
  EXPECT_EQ(left.peer_endpoint(), right.local_endpoint());
}

// --- the world fails

TEST_F(tcp, connect_to_a_port_without_a_listener_is_refused) {
  tcp_listener gone = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  const endpoint at = gone.local_endpoint();
  gone.close();
  EXPECT_EQ(code_thrown_by([&] { return rt.block_on(tcp_stream::connect(at)); }),
            std::errc::connection_refused);
}

TEST(tcp_peer, that_resets_in_the_middle_of_a_read_is_an_error_and_no_end_of_stream) {
  runtime rt({.workers = 1});
  tcp_listener listener = tcp_listener::bind(rt, endpoint::loopback_v4(0));
  plain_socket peer(listener.local_endpoint().port());
  door reached;
  std::error_code reading;
  const auto reads = [&]() -> task<> {
    tcp_stream ours = co_await listener.accept();
    std::byte byte[1];
    EXPECT_EQ(co_await ours.read(byte), 1u);
    reached.open();
    co_await reached.pass();
    const result<std::size_t> got = co_await as_result(ours.read(byte));
    reading = got.error();
  };
  auto handle = rt.spawn(reads);
  peer.send("x");
  EXPECT_TRUE(reached.is_reached());
  let_all_wait(rt);
  peer.reset();
  const auto join = [&]() -> task<> { co_await handle; };
  rt.block_on(join());
  EXPECT_EQ(reading, std::errc::connection_reset);
}

TEST_F(tcp, stream_whose_peer_is_gone_fails_to_write_and_raises_no_signal) {
  right.close();
  const auto writes = [&]() -> task<> {
    const std::string much(1 << 16, 'x');
    for (;;) co_await left.write_all(bytes_of(much));
  };
  const std::error_code got = code_thrown_by([&]() -> int {
    rt.block_on(writes());
    return 0;
  });
  EXPECT_TRUE(got == std::errc::connection_reset || got == std::errc::broken_pipe) << got.message();
}

// --- the caller errs

TEST(tcp_stream, that_was_never_connected_has_a_bad_descriptor_for_everything) {
  runtime rt({.workers = 1});
  tcp_stream none;
  EXPECT_FALSE(none.is_open());
  none.close();
  std::byte byte[1];
  const auto reads = [&]() -> task<> { static_cast<void>(co_await none.read(byte)); };
  const auto writes = [&]() -> task<> { co_await none.write_all(byte); };
  const auto code_of = [&](task<> fails) {
    return code_thrown_by([&] {
      rt.block_on(std::move(fails));
      return 0;
    });
  };
  EXPECT_EQ(code_of(reads()), std::errc::bad_file_descriptor);
  EXPECT_EQ(code_of(writes()), std::errc::bad_file_descriptor);
  EXPECT_EQ(code_thrown_by([&] { return none.local_endpoint(); }), std::errc::bad_file_descriptor);
  EXPECT_EQ(code_thrown_by([&] { return none.peer_endpoint(); }), std::errc::bad_file_descriptor);
  EXPECT_EQ(code_thrown_by([&] {
              none.shutdown_write();
              return 0;
            }),
            std::errc::bad_file_descriptor);
}

TEST_F(tcp, stream_that_was_moved_from_is_as_one_that_was_never_connected) {
  const tcp_stream taken = std::move(left);
  EXPECT_FALSE(left.is_open());
  EXPECT_TRUE(taken.is_open());
}

TEST_F(tcp, stream_refuses_a_second_reader_and_the_first_goes_on) {
  std::error_code second;
  const auto reads = [&]() -> task<std::size_t> {
    std::byte byte[1];
    co_return co_await left.read(byte);
  };
  auto first = rt.spawn(reads);
  let_all_wait(rt);
  const auto also_reads = [&]() -> task<> {
    std::byte byte[1];
    const result<std::size_t> got = co_await as_result(left.read(byte));
    second = got.error();
    co_await right.write_all(bytes_of("x"));
    EXPECT_EQ(co_await first, 1u);
  };
  rt.block_on(also_reads());
  EXPECT_EQ(second, std::errc::device_or_resource_busy);
}

TEST_F(tcp, stream_that_is_closed_ends_what_waits_and_refuses_what_comes_later) {
  std::error_code waiting;
  const auto reads = [&]() -> task<> {
    std::byte byte[1];
    const result<std::size_t> got = co_await as_result(left.read(byte));
    waiting = got.error();
  };
  auto handle = rt.spawn(reads);
  let_all_wait(rt);
  left.close();
  left.close();
  const auto join = [&]() -> task<> {
    co_await handle;
    std::byte byte[1];
    const result<std::size_t> got = co_await as_result(left.read(byte));
    EXPECT_EQ(got.error(), std::errc::bad_file_descriptor);
  };
  rt.block_on(join());
  EXPECT_EQ(waiting, std::errc::operation_canceled);
}

// --- stop

// What its header says is lost: the place in the stream, so that one closes afterwards.
TEST_F(tcp, K7_stream_has_sent_a_part_from_the_beginning_when_a_write_is_stopped) {
  std::string much(std::size_t{32} << 20, ' ');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>('a' + i % 23);
  const auto writes = [&]() -> task<> { co_await left.write_all(bytes_of(much)); };
  const auto talk = [&]() -> task<std::string> {
    bool is_timed_out = false;
    try {
      co_await with_timeout(2ms, writes());
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out) << "it all went into the system's buffers";
    left.close();
    std::string all(much.size(), ' ');
    std::size_t length = 0;
    for (;;) {
      const std::size_t more = co_await right.read(std::as_writable_bytes(std::span(all).subspan(length)));
      if (more == 0) break;
      length += more;
    }
    all.resize(length);
    co_return all;
  };
  const std::string got = rt.block_on(talk());
  EXPECT_LT(got.size(), much.size());
  EXPECT_EQ(got, much.substr(0, got.size()));
}

// A stopped read loses nothing.
TEST_F(tcp, N4_K7_stream_keeps_the_bytes_that_a_stopped_read_did_not_get) {
  const auto reads = [&]() -> task<std::size_t> {
    std::byte byte[8];
    co_return co_await left.read(byte);
  };
  const auto talk = [&]() -> task<> {
    bool is_timed_out = false;
    try {
      static_cast<void>(co_await with_timeout(2ms, reads()));
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
    co_await right.write_all(bytes_of("kept"));
    // Asked to stop before it begins: it does not read.
    is_timed_out = false;
    try {
      static_cast<void>(co_await with_timeout(0s, reads()));
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    EXPECT_TRUE(is_timed_out);
    EXPECT_EQ(co_await reads(), 4u);
  };
  rt.block_on(talk());
}

TEST_F(tcp, stream_loses_no_byte_whenever_stops_and_arrivals_meet) {
  runtime several({.workers = 4});
  const auto talk = [&]() -> task<> {
    connection pair = co_await connect_loopback();
    constexpr std::size_t bytes = 2000;
    const auto writes = [](tcp_stream& to) -> task<> {
      for (std::size_t i = 0; i < bytes; ++i) {
        co_await to.write_all(bytes_of("x"));
        co_await sleep_for(std::chrono::microseconds(i % 50));
      }
    };
    std::size_t got = 0;
    const auto reads = [&got](tcp_stream& from) -> task<> {
      for (int attempt = 0; got < bytes; ++attempt) {
        const auto once = [&]() -> task<std::size_t> {
          std::byte piece[16];
          co_return co_await from.read(piece);
        };
        try {
          got += co_await with_timeout(std::chrono::microseconds(attempt % 120), once());
        } catch (const timeout_error&) {
        }
      }
    };
    co_await when_all(writes(pair.first), reads(pair.second));
    EXPECT_EQ(got, bytes);
  };
  several.block_on(talk());
}

}  // namespace
}  // namespace weft::test
