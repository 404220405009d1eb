// Every operation is a stop point, although it could be done at once: a task that was asked to stop before is
// unwound there, and nothing has happened. What a stop does to one that waits already is in stop_race_test.cc.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <ranges>
#include <string>
#include <utility>

#include "tests/support/loopback.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

// Operations that could be done at once; what each would leave behind is counted.
struct ready_at_once {
  task<> counts() {
    ++effects;
    co_return;
  }
  task<int> gives() {
    ++effects;
    co_return 1;
  }

  task<> yields() { co_await yield_now(); }
  task<> checks() { co_await checkpoint(); }
  task<> sleeps() { co_await sleep_for(0s); }
  task<> sleeps_until_now() { co_await sleep_until(std::chrono::steady_clock::now()); }
  task<> acquires() { const semaphore_permit held = co_await free.acquire(); }
  task<> computes() {
    co_await compute([this] { ++effects; });
  }
  task<> blocks() {
    co_await spawn_blocking([this] { ++effects; });
  }

  task<> forks() { co_await when_all(counts(), counts()); }
  task<> forks_a_range() {
    const auto each = [this](int) { return counts(); };
    co_await when_all(std::views::iota(0, 3) | std::views::transform(each));
  }
  task<> races() { static_cast<void>(co_await when_any(counts(), counts())); }
  task<> settles() { static_cast<void>(co_await when_all_settled(counts(), counts())); }
  task<> makes_an_outcome() { static_cast<void>(co_await as_outcome(counts())); }
  task<> makes_an_optional() { static_cast<void>(co_await stopped_as_optional(gives())); }
  task<> takes_what_is_completed() {
    const auto each = [this](int) { return gives(); };
    co_await as_completed(std::views::iota(0, 3) | std::views::transform(each), [](int) {});
  }
  task<> goes_through() {
    const auto each = [this](int) { return counts(); };
    co_await for_each_concurrent(std::views::iota(0, 3), 2, each);
  }

  task<> groups() {
    const auto body = [this](task_group&) { return counts(); };
    co_await with_task_group(body);
  }
  task<> joins_a_group() {
    co_await empty_group.join();
    ++effects;
  }
  task<> starts_a_child() {
    const auto child = [this](started<> ready) -> task<> {
      ready.set();
      co_await yield_now();
      ++effects;
    };
    co_await empty_group.start(child);
    ++effects;
  }
  task<> takes_an_end() {
    completions<int> none(empty_group);
    static_cast<void>(co_await none.next());
    ++effects;
  }

  task<> has_a_timeout() { co_await with_timeout(1h, counts()); }
  task<> has_a_deadline() {
    deadline none;
    co_await with_deadline(none, counts());
  }
  task<> watches_a_token() {
    inplace_stop_source never;
    co_await with_stop_token(never.get_token(), counts());
  }

  runtime& rt;
  semaphore free{1};
  task_group empty_group{rt};
  std::atomic<int> effects{0};
};

struct operation {
  std::string name;
  task<> (ready_at_once::*begin)();
};

class stop_point : public testing::TestWithParam<operation> {};

TEST_P(stop_point, N1_stops_although_it_could_be_done_at_once) {
  runtime rt({.workers = 2});
  ready_at_once all{rt};
  EXPECT_THROW(rt.block_on(with_timeout(0s, (all.*GetParam().begin)())), timeout_error);
  EXPECT_EQ(all.effects, 0);
  EXPECT_EQ(all.free.available(), 1u);
  rt.block_on(all.empty_group.join());
}

INSTANTIATE_TEST_SUITE_P(of, stop_point,
                         testing::Values(operation{"yield_now", &ready_at_once::yields},
                                         operation{"checkpoint", &ready_at_once::checks},
                                         operation{"sleep_for", &ready_at_once::sleeps},
                                         operation{"sleep_until", &ready_at_once::sleeps_until_now},
                                         operation{"semaphore", &ready_at_once::acquires},
                                         operation{"compute", &ready_at_once::computes},
                                         operation{"spawn_blocking", &ready_at_once::blocks},
                                         operation{"when_all", &ready_at_once::forks},
                                         operation{"when_all_of_a_range", &ready_at_once::forks_a_range},
                                         operation{"when_any", &ready_at_once::races},
                                         operation{"when_all_settled", &ready_at_once::settles},
                                         operation{"as_outcome", &ready_at_once::makes_an_outcome},
                                         operation{"stopped_as_optional", &ready_at_once::makes_an_optional},
                                         operation{"as_completed", &ready_at_once::takes_what_is_completed},
                                         operation{"for_each_concurrent", &ready_at_once::goes_through},
                                         operation{"with_task_group", &ready_at_once::groups},
                                         operation{"task_group_join", &ready_at_once::joins_a_group},
                                         operation{"task_group_start", &ready_at_once::starts_a_child},
                                         operation{"completions_next", &ready_at_once::takes_an_end},
                                         operation{"with_timeout", &ready_at_once::has_a_timeout},
                                         operation{"with_deadline", &ready_at_once::has_a_deadline},
                                         operation{"with_stop_token", &ready_at_once::watches_a_token}),
                         [](const auto& of) { return of.param.name; });

// The rest needs something that is there: a task that has ended, a connection, a client.
struct stop_point_of : testing::Test {
  // Whether `operation` is stopped at once in a task that is stopping.
  static task<bool> stops(task<> operation) {
    bool is_timed_out = false;
    try {
      co_await with_timeout(0s, std::move(operation));
    } catch (const timeout_error&) {
      is_timed_out = true;
    }
    co_return is_timed_out;
  }
  runtime rt{{.workers = 1}};
};

TEST_F(stop_point_of, N1_a_handle_stops_although_its_task_has_ended) {
  const auto body = [&]() -> task<> {
    const auto answers = []() -> task<int> { co_return 42; };
    auto handle = spawn(answers);
    while (!handle.is_done()) co_await yield_now();
    const auto joins = [&]() -> task<> { static_cast<void>(co_await handle); };
    EXPECT_TRUE(co_await stops(joins()));
    EXPECT_EQ(co_await handle, 42) << "the stopped one did not take the result";
  };
  rt.block_on(body());
}

TEST_F(stop_point_of, N1_a_stream_stops_although_bytes_and_room_are_there) {
  const auto body = [&]() -> task<> {
    connection ends = co_await connect_loopback();
    co_await ends.first.write_all(bytes_of("x"));
    const auto reads = [&]() -> task<> {
      std::byte byte[1];
      static_cast<void>(co_await ends.second.read(byte));
    };
    const auto writes_some = [&]() -> task<> {
      static_cast<void>(co_await ends.second.write_some(bytes_of("never")));
    };
    const auto writes_all = [&]() -> task<> { co_await ends.second.write_all(bytes_of("never")); };
    EXPECT_TRUE(co_await stops(reads()));
    EXPECT_TRUE(co_await stops(writes_some()));
    EXPECT_TRUE(co_await stops(writes_all()));
    ends.first.shutdown_write();
    ends.second.shutdown_write();
    EXPECT_EQ(co_await read_to_end(ends.first), "");
    EXPECT_EQ(co_await read_to_end(ends.second), "x");
  };
  rt.block_on(body());
}

TEST_F(stop_point_of, N1_accept_and_connect_stop_although_the_other_side_is_there) {
  const auto body = [&]() -> task<> {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    const auto connects = [&]() -> task<> {
      static_cast<void>(co_await tcp_stream::connect(listener.local_endpoint()));
    };
    EXPECT_TRUE(co_await stops(connects()));
    const tcp_stream client = co_await tcp_stream::connect(listener.local_endpoint());
    const auto accepts = [&]() -> task<> { static_cast<void>(co_await listener.accept()); };
    EXPECT_TRUE(co_await stops(accepts()));
    const tcp_stream accepted = co_await listener.accept();
    EXPECT_TRUE(accepted.is_open());
  };
  rt.block_on(body());
}

}  // namespace
}  // namespace weft::test
