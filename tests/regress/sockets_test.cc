// close() against operations of other tasks. It wrote the socket object while they read it (a data race, seen by
// the thread sanitizer); and what they throw is one of the two errors that the header names.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <system_error>

#include "tests/support/bounded_wait.h"
#include "tests/support/build_kind.h"
#include "tests/support/loopback.h"
#include "weft/net/tcp_listener.h"
#include "weft/net/tcp_stream.h"
#include "weft/runtime.h"
#include "weft/when_all.h"

namespace weft::test {
namespace {

bool says_closed(const std::system_error& thrown) {
  return thrown.code() == std::errc::operation_canceled || thrown.code() == std::errc::bad_file_descriptor;
}

TEST(sockets_regress, a_stream_may_be_closed_while_another_task_writes) {
  runtime rt({.workers = 2});
  for (std::size_t round = 0; round < scaled(100); ++round) {
    std::atomic<int> written = 0;
    const auto writes = [&](tcp_stream& to) -> task<> {
      const std::byte byte[1] = {};
      try {
        for (;;) {
          static_cast<void>(co_await to.write_some(byte));
          written.fetch_add(1, std::memory_order_relaxed);
        }
      } catch (const std::system_error& thrown) {
        EXPECT_TRUE(says_closed(thrown)) << thrown.what();
      }
      EXPECT_FALSE(to.is_open());
    };
    const auto closes = [&](tcp_stream& closing) -> task<> {
      EXPECT_TRUE(eventually([&] { return written.load(std::memory_order_relaxed) >= 3; }));
      closing.close();
      EXPECT_FALSE(closing.is_open());
      co_return;
    };
    const auto program = [&]() -> task<> {
      connection ends = co_await connect_loopback();
      co_await when_all(writes(ends.first), closes(ends.first));
    };
    rt.block_on(program());
  }
}

TEST(sockets_regress, a_listener_may_be_closed_while_another_task_accepts) {
  runtime rt({.workers = 2});
  for (std::size_t round = 0; round < scaled(100); ++round) {
    std::atomic<bool> is_accepting = false;
    const auto accepts = [&](tcp_listener& from) -> task<> {
      try {
        for (;;) {
          is_accepting.store(true, std::memory_order_relaxed);
          static_cast<void>(co_await from.accept());
        }
      } catch (const std::system_error& thrown) {
        EXPECT_TRUE(says_closed(thrown)) << thrown.what();
      }
      EXPECT_FALSE(from.is_open());
    };
    const auto closes = [&](tcp_listener& closing) -> task<> {
      EXPECT_TRUE(eventually([&] { return is_accepting.load(std::memory_order_relaxed); }));
      closing.close();
      co_return;
    };
    const auto program = [&]() -> task<> {
      tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
      co_await when_all(accepts(listener), closes(listener));
    };
    rt.block_on(program());
  }
}

}  // namespace
}  // namespace weft::test
