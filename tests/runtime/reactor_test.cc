// Input and output through the reactor, with real sockets and coroutines of one frame, on one thread.
// SPDX-License-Identifier: Apache-2.0
#include "weft/rt/reactor/reactor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/io_chain.h"
#include "weft/rt/os/address.h"
#include "weft/rt/os/socket.h"

namespace weft::inline WEFT_ABI::rt {
namespace {

TEST_F(reactor_test, a_read_that_finds_bytes_does_not_wait) {
  auto [mine, peer] = pair();
  ASSERT_EQ(os::send(peer.get(), bytes_of("hello")).value, 5);
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  EXPECT_EQ(reader.finished, 1);
  EXPECT_EQ(result, 5);
  close(mine);
}

TEST_F(reactor_test, a_read_that_finds_nothing_is_resumed_by_bytes) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  harvest_all();
  EXPECT_FALSE(reader.has_ended());
  ASSERT_EQ(os::send(peer.get(), bytes_of("abc")).value, 3);
  run_until_ended(reader);
  EXPECT_EQ(result, 3);
  EXPECT_EQ(std::string(buffer, 3), "abc");
  close(mine);
}

TEST_F(reactor_test, a_read_after_a_short_read_is_resumed_by_the_next_bytes) {
  auto [mine, peer] = pair();
  for (int i = 0; i < 300; ++i) {
    chain reader(read_once(mine, result, buffer, sizeof buffer));
    run(reader);
    ASSERT_FALSE(reader.has_ended());
    ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
    run_until_ended(reader);
    ASSERT_EQ(result, 1);
  }
  close(mine);
}

TEST_F(reactor_test, bytes_and_the_end_that_come_as_one_event_are_both_read) {
  auto [mine, peer] = pair();
  std::string all;
  chain reader(read_to_end(mine, all, result, 16));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("last words")).value, 10);
  peer.reset();
  run_until_ended(reader);
  EXPECT_EQ(all, "last words");
  EXPECT_EQ(result, 0);
  close(mine);
}

TEST_F(reactor_test, a_short_read_that_took_the_end_event_does_not_hide_the_end) {
  auto [mine, peer] = pair();
  ASSERT_EQ(os::send(peer.get(), bytes_of("bye")).value, 3);
  peer.reset();
  harvest_all();  // the only edge comes before the first read
  std::string all;
  chain reader(read_to_end(mine, all, result, 16));
  run(reader);
  EXPECT_TRUE(reader.has_ended());
  EXPECT_EQ(all, "bye");
  close(mine);
}

TEST_F(reactor_test, a_write_into_a_full_socket_waits_until_the_peer_reads) {
  auto [mine, peer] = pair();
  const std::string all(1 << 20, 'w');
  chain writer(write_all(mine, all, result));
  run(writer);
  EXPECT_FALSE(writer.has_ended());
  std::size_t received = 0;
  std::vector<std::byte> into(1 << 16);
  while (received < all.size()) {
    const os::io_result got = os::recv(peer.get(), into);
    if (!got.would_block()) {
      ASSERT_GT(got.value, 0);
      received += got.count();
    }
    harvest_all();
  }
  EXPECT_EQ(writer.finished, 1);
  close(mine);
}

TEST_F(reactor_test, a_second_read_at_the_same_time_is_refused_as_busy_but_a_write_is_not) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  std::int64_t second = 0;
  char other[4];
  chain intruder(read_once(mine, second, other, sizeof other));
  run(intruder);
  EXPECT_EQ(second, -EBUSY);
  std::int64_t written = 0;
  chain writer(write_all(mine, "ok", written));
  run(writer);
  EXPECT_EQ(written, 2);
  stop(reader);
  EXPECT_EQ(reader.stopped, 1);
  close(mine);
}

TEST_F(reactor_test, a_readers_event_leaves_the_waiting_writer_alone) {
  auto [mine, peer] = pair();
  const std::string all(1 << 20, 'w');
  std::int64_t written = 0;
  chain writer(write_all(mine, all, written));
  run(writer);
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("r")).value, 1);
  run_until_ended(reader);
  EXPECT_EQ(result, 1);
  EXPECT_FALSE(writer.has_ended());
  stop(writer);
  EXPECT_EQ(writer.stopped, 1);
  close(mine);
}

TEST_F(reactor_test, closing_ends_what_waits_with_ecanceled_and_the_peer_sees_the_end) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  close(mine);
  EXPECT_EQ(reader.finished, 1);
  EXPECT_EQ(result, -ECANCELED);
  std::byte one[1];
  EXPECT_EQ(os::recv(peer.get(), one).value, 0);
}

TEST_F(reactor_test, a_closed_descriptor_is_refused_even_when_its_record_serves_another) {
  auto [mine, peer] = pair();
  close(mine);
  close(mine);
  auto [other, other_peer] = pair();
  EXPECT_EQ(other.record, mine.record);
  ASSERT_EQ(os::send(other_peer.get(), bytes_of("not yours")).value, 9);
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  EXPECT_EQ(result, -EBADF);
  EXPECT_EQ(pinned(mine).file(), -EBADF);
  EXPECT_GE(pinned(other).file(), 0);
  close(mine);
  EXPECT_GE(pinned(other).file(), 0) << "closing an old value closed its successor";
  close(other);
}

TEST_F(reactor_test, a_pin_keeps_the_descriptor_open_past_its_close) {
  auto [mine, peer] = pair();
  {
    const pinned held(mine);
    close(mine);
    EXPECT_FALSE(os::set_no_delay(held.file(), true) == std::errc::bad_file_descriptor);
    EXPECT_EQ(r->io().open_descriptors(), 1u);
  }
  EXPECT_EQ(r->io().open_descriptors(), 0u);
}

TEST_F(reactor_test, a_stopped_read_unwinds_and_leaves_the_direction_free) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  stop(reader);
  EXPECT_EQ(reader.stopped, 1);
  EXPECT_EQ(result, 12345);
  chain second(read_once(mine, result, buffer, sizeof buffer));
  run(second);
  ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
  run_until_ended(second);
  EXPECT_EQ(result, 1);
  close(mine);
}

task stop_then_read(chain*& self, descriptor from, std::int64_t& result, char* into) {
  job_list ready;
  self->stop(ready);
  EXPECT_TRUE(ready.empty());  // it runs; the next wait will see it
  result = co_await recv_some(from, into, 1);
}

TEST_F(reactor_test, a_chain_that_was_asked_to_stop_starts_nothing) {
  auto [mine, peer] = pair();
  ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
  chain* self = nullptr;
  chain reader(stop_then_read(self, mine, result, buffer));
  self = &reader;
  run(reader);
  EXPECT_EQ(reader.stopped, 1);
  std::byte one[1];
  EXPECT_EQ(os::recv(pinned(mine).file(), one).value, 1) << "the byte is still there";
  close(mine);
}

TEST_F(reactor_test, a_stop_between_the_event_and_its_job_unwinds_and_loses_no_byte) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
  job_list ready;
  ASSERT_TRUE(r->poll(ready));
  reader.stop(ready);
  run_all(ready);
  EXPECT_EQ(reader.stopped, 1);
  chain second(read_once(mine, result, buffer, sizeof buffer));
  run(second);
  EXPECT_EQ(result, 1);
  close(mine);
}

TEST_F(reactor_test, a_close_between_the_event_and_its_job_ends_the_read_and_closes_last) {
  auto [mine, peer] = pair();
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
  job_list ready;
  ASSERT_TRUE(r->poll(ready));
  r->io().close(mine, ready);
  EXPECT_EQ(r->io().open_descriptors(), 1u);
  run_all(ready);
  EXPECT_EQ(reader.finished, 1);
  EXPECT_EQ(r->io().open_descriptors(), 0u);
}

task accept_once(descriptor listener, os::address* peer, std::int64_t& result) {
  result = co_await do_io(io_kind::accept, listener, peer, 0);
}
task connect_to(descriptor from, os::address to, std::int64_t& result) {
  result = co_await do_io(io_kind::connect, from, &to, 0);
}

TEST_F(reactor_test, a_connection_is_made_and_accepted_and_carries_bytes) {
  const descriptor listener = add(os::bind_and_listen(os::address::loopback_v4(0), 8).value());
  const os::address where = os::local_address(pinned(listener).file()).value();
  std::int64_t accepted = 0;
  os::address from;
  chain server(accept_once(listener, &from, accepted));
  run(server);
  EXPECT_FALSE(server.has_ended());

  const descriptor client = add(os::open_stream(os::address_family::v4).value());
  harvest_all();  // epoll calls an unconnected socket writable: that must not count
  chain connecting(connect_to(client, where, result));
  run(connecting);
  if (!connecting.has_ended()) run_until_ended(connecting);
  EXPECT_EQ(result, 0);
  if (!server.has_ended()) run_until_ended(server);
  ASSERT_GE(accepted, 0);
  EXPECT_EQ(from, os::local_address(pinned(client).file()).value());

  const descriptor served = add(os::fd(static_cast<int>(accepted)));
  chain reader(read_once(served, result, buffer, sizeof buffer));
  run(reader);
  std::int64_t written = 0;
  chain writer(write_all(client, "over tcp", written));
  run(writer);
  run_until_ended(reader);
  EXPECT_EQ(std::string(buffer, 8), "over tcp");
  for (const descriptor each : {served, client, listener}) close(each);
}

TEST_F(reactor_test, a_refused_connection_ends_with_its_error) {
  os::fd listener = os::bind_and_listen(os::address::loopback_v4(0), 8).value();
  const os::address where = os::local_address(listener.get()).value();
  listener.reset();
  const descriptor client = add(os::open_stream(os::address_family::v4).value());
  chain connecting(connect_to(client, where, result));
  run(connecting);
  if (!connecting.has_ended()) run_until_ended(connecting);
  EXPECT_EQ(result, -ECONNREFUSED);
  close(client);
}

TEST_F(reactor_test, a_reset_of_an_idle_connection_is_reported_once_and_seen_by_the_next_read) {
  const os::fd listener = os::bind_and_listen(os::address::loopback_v4(0), 8).value();
  os::fd peer = os::open_stream(os::address_family::v4).value();
  static_cast<void>(os::start_connect(peer.get(), os::local_address(listener.get()).value()));
  os::result<os::fd> accepted = os::accept(listener.get());
  while (accepted.would_block()) accepted = os::accept(listener.get());
  const descriptor mine = add(std::move(accepted).value());
  harvest_all();

  const linger at_once{1, 0};
  ASSERT_EQ(::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  peer.reset();  // sends RST
  chain reader(read_once(mine, result, buffer, sizeof buffer));
  run(reader);
  if (!reader.has_ended()) run_until_ended(reader);
  EXPECT_EQ(result, -ECONNRESET);
  chain again(read_once(mine, result, buffer, sizeof buffer));
  run(again);
  EXPECT_EQ(result, 0) << "the end does not wait";
  job_list ready;
  EXPECT_FALSE(r->poll(ready));
  close(mine);
}

task gather(descriptor from, const iovec* pieces, std::size_t count, std::int64_t& result) {
  do_io op(io_kind::recv_vec, from, const_cast<iovec*>(pieces), count);
  op.short_means_drained = true;
  result = co_await op;
}

TEST_F(reactor_test, a_vectored_read_fills_its_pieces_in_order) {
  auto [mine, peer] = pair();
  char first[3];
  char second[8];
  const iovec pieces[] = {{first, sizeof first}, {second, sizeof second}};
  chain reader(gather(mine, pieces, 2, result));
  run(reader);
  ASSERT_EQ(os::send(peer.get(), bytes_of("abcdef")).value, 6);
  run_until_ended(reader);
  EXPECT_EQ(result, 6);
  EXPECT_EQ(std::string(first, 3) + std::string(second, 3), "abcdef");
  close(mine);
}

TEST_F(reactor_test, a_descriptor_that_epoll_refuses_is_an_error_and_is_closed) {
  descriptor added;
  EXPECT_TRUE(r->io().add(os::fd(), added));
  EXPECT_FALSE(added);
}

TEST_F(reactor_test, records_beyond_the_first_chunk_find_their_events) {
  std::vector<std::pair<descriptor, os::fd>> pairs;
  for (int i = 0; i < 300; ++i) pairs.push_back(pair());
  for (auto& [mine, peer] : pairs) {
    chain reader(read_once(mine, result, buffer, sizeof buffer));
    run(reader);
    ASSERT_EQ(os::send(peer.get(), bytes_of("x")).value, 1);
    run_until_ended(reader);
    ASSERT_EQ(result, 1);
  }
  for (auto& each : pairs) close(each.first);
}

}  // namespace
}  // namespace weft::inline WEFT_ABI::rt
