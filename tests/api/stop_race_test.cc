// Every operation that a task can wait for, completed and stopped at the same time: one outcome each time, and what it
// moves (permits, bytes, descriptors) is neither lost nor doubled. Best under a sanitizer; the seed stands in the name.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "tests/support/door.h"
#include "tests/support/loopback.h"
#include "tests/support/record.h"
#include "weft/net/tcp_listener.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 60;

// One operation, what completes it, and what must hold when it has ended. Made anew for each round.
struct raced {
  raced() = default;
  raced(const raced&) = delete;
  raced& operator=(const raced&) = delete;
  virtual ~raced() = default;

  // On a task, before the race.
  virtual task<> prepare() { co_return; }
  // The operation; counts its effect as soon as it is over.
  virtual task<> wait() = 0;
  // On a thread of the test, at some moment of the race.
  virtual void complete() {}
  // On a task, when all is over; `effects` is 0 or 1.
  virtual task<> check(int) { co_return; }

  std::atomic<int> effects{0};
  census here;
};

struct raced_sleep : raced {
  task<> wait() override {
    co_await sleep_for(50us);
    ++effects;
  }
};

struct raced_yields : raced {
  task<> wait() override {
    for (int i = 0; i < 20; ++i) co_await yield_now();
    ++effects;
  }
};

struct raced_checkpoints : raced {
  task<> wait() override {
    for (int i = 0; i < 1000; ++i) co_await checkpoint();
    ++effects;
  }
};

struct raced_semaphore : raced {
  task<> wait() override {
    const semaphore_permit held = co_await none.acquire();
    ++effects;
  }
  void complete() override { none.add_permits(1); }
  task<> check(int) override {
    EXPECT_EQ(none.available(), 1u) << "a permit was lost or doubled";
    co_return;
  }
  semaphore none{0};
};

struct raced_handle : raced {
  task<> prepare() override {
    const auto passes = [this]() -> task<> { co_await opens.pass(); };
    other.emplace(spawn(passes));
    co_return;
  }
  task<> wait() override {
    co_await *other;
    ++effects;
  }
  void complete() override { opens.open(); }
  task<> check(int had_effect) override {
    if (had_effect == 0) co_await *other;  // its result is still there
    EXPECT_TRUE(other->is_done());
  }
  door opens;
  std::optional<join_handle<void>> other;
};

struct raced_compute : raced {
  task<> wait() override {
    co_await compute([this] { ++ran; });
    ++effects;
  }
  task<> check(int had_effect) override {
    EXPECT_LE(ran, 1);
    EXPECT_GE(ran, had_effect);
    co_return;
  }
  std::atomic<int> ran{0};
};

struct raced_blocking : raced {
  task<> wait() override {
    co_await spawn_blocking([this] { ++ran; });
    ++effects;
  }
  task<> check(int had_effect) override {
    EXPECT_LE(ran, 1);
    EXPECT_GE(ran, had_effect);
    co_return;
  }
  std::atomic<int> ran{0};
};

struct raced_read : raced {
  task<> prepare() override {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback_v4(0));
    peer.emplace(listener.local_endpoint().port());
    mine.emplace(co_await listener.accept());
  }
  task<> wait() override {
    std::byte one[1];
    static_cast<void>(co_await mine->read(one));
    ++effects;
  }
  void complete() override { peer->send("x"); }
  task<> check(int had_effect) override {
    peer->close();
    const std::string rest = co_await read_to_end(*mine);
    EXPECT_EQ(rest, had_effect == 1 ? "" : "x") << "the byte was read, or is still there";
  }
  std::optional<plain_socket> peer;
  std::optional<tcp_stream> mine;
};

struct raced_accept : raced {
  task<> prepare() override {
    listener.emplace(tcp_listener::bind(endpoint::loopback_v4(0)));
    port = listener->local_endpoint().port();
    co_return;
  }
  task<> wait() override {
    const tcp_stream accepted = co_await listener->accept();
    ++effects;
  }
  void complete() override { peer.emplace(port); }
  task<> check(int had_effect) override {
    // The connection was accepted, or still can be.
    if (had_effect == 0) const tcp_stream accepted = co_await with_timeout(patience, accept_one(*listener));
  }
  std::uint16_t port = 0;
  std::optional<tcp_listener> listener;
  std::optional<plain_socket> peer;
};

struct raced_connect : raced {
  task<> prepare() override {
    listener.emplace(tcp_listener::bind(endpoint::loopback_v4(0)));
    co_return;
  }
  task<> wait() override {
    const tcp_stream made = co_await tcp_stream::connect(listener->local_endpoint());
    ++effects;
  }
  std::optional<tcp_listener> listener;
};

struct raced_write : raced {
  task<> prepare() override { ends.emplace(co_await connect_loopback()); }
  task<> wait() override {
    const std::vector<std::byte> much(1 << 14, std::byte{7});
    for (int i = 0; i < 8; ++i) written += co_await ends->first.write_some(much);
    ++effects;
  }
  task<> check(int) override {
    ends->first.close();
    std::vector<std::byte> buffer(1 << 15);
    std::size_t got = 0;
    while (const std::size_t more = co_await ends->second.read(buffer)) got += more;
    EXPECT_EQ(got, written) << "what was said to be written has arrived, and nothing else";
  }
  std::optional<connection> ends;
  std::atomic<std::size_t> written{0};
};

task<> rests(census& here, std::chrono::microseconds length) {
  const resident local(here);
  co_await sleep_for(length);
}

struct raced_when_all : raced {
  task<> wait() override {
    co_await when_all(rests(here, 20us), rests(here, 40us), rests(here, 60us));
    ++effects;
  }
};

struct raced_when_any : raced {
  task<> wait() override {
    static_cast<void>(co_await when_any(rests(here, 40us), rests(here, 1h)));
    ++effects;
  }
};

struct raced_group : raced {
  task<> wait() override {
    const auto body = [this](task_group& group) -> task<> {
      for (int i = 0; i < 3; ++i) group.spawn(rests, std::ref(here), 20us * i);
      co_await rests(here, 30us);
    };
    co_await with_task_group(body);
    ++effects;
  }
};

// The time is up at about the moment when the stop comes.
struct raced_timeout : raced {
  task<> wait() override {
    try {
      co_await with_timeout(50us, rests(here, 1h));
    } catch (const timeout_error&) {
    }
    ++effects;
  }
};

struct raced_deadline : raced {
  task<> wait() override {
    try {
      co_await with_deadline(until, rests(here, 1h));
    } catch (const timeout_error&) {
    }
    ++effects;
  }
  void complete() override { until.move_to(std::chrono::steady_clock::now()); }
  deadline until;
};

struct raced_token : raced {
  task<> wait() override {
    try {
      co_await with_stop_token(source.get_token(), rests(here, 1h));
    } catch (const stopped_error&) {
    }
    ++effects;
  }
  void complete() override { source.request_stop(); }
  inplace_stop_source source;
};

struct raced_shield : raced {
  task<> wait() override {
    co_await unstoppable(rests(here, 40us));
    ++effects;
  }
  task<> check(int had_effect) override {
    EXPECT_EQ(here.born(), had_effect);  // unless the stop came before the body
    co_return;
  }
};

struct raced_clean_up : raced {
  task<> wait() override {
    const auto inner = [this]() -> task<> {
      co_await at_coroutine_exit(rests, std::ref(here), 20us);
      ++registered;
      co_await sleep_for(20us);
    };
    co_await inner();
    ++effects;
  }
  task<> check(int had_effect) override {
    EXPECT_EQ(here.born(), registered);
    EXPECT_GE(registered, had_effect);
    co_return;
  }
  std::atomic<int> registered{0};
};

struct raced_outcome : raced {
  task<> wait() override {
    static_cast<void>(co_await as_outcome(rests(here, 40us)));
    ++effects;
  }
};

template <class Raced>
std::unique_ptr<raced> make() {
  return std::make_unique<Raced>();
}

struct kind {
  std::string name;
  std::unique_ptr<raced> (*make)();
};
std::ostream& operator<<(std::ostream& out, const kind& of) {
  return out << of.name;
}

class stop_race : public testing::TestWithParam<std::tuple<kind, unsigned>> {
 protected:
  // Some time, up to a few microseconds.
  void let_pass(const std::atomic<int>& looked_at) {
    for (auto i = throws_() % 4000; i > 0; --i) static_cast<void>(looked_at.load(std::memory_order_acquire));
  }
  std::minstd_rand throws_{std::get<1>(GetParam()) + 1};
};

TEST_P(stop_race, N4_has_one_outcome_and_conserves_its_effects) {
  runtime rt({.workers = 2});
  for (int round = 0; round < rounds; ++round) {
    const std::unique_ptr<raced> one = std::get<0>(GetParam()).make();
    rt.block_on(one->prepare());
    std::atomic<int> locals = 0;
    const auto body = [&]() -> task<> {
      struct life {
        std::atomic<int>& count;
        ~life() { --count; }
      };
      ++locals;
      const life local{locals};
      co_await one->wait();
    };
    const bool is_started_first = throws_() % 2 == 0;
    auto handle = rt.spawn(body);
    if (is_started_first) rt.block_on(yield_now());
    std::thread completes([&] { one->complete(); });
    let_pass(locals);
    handle.request_stop();
    completes.join();
    int ends = 0;
    int stops = 0;
    const auto join = [&]() -> task<> {
      try {
        co_await handle;
        ++ends;
      } catch (const stopped_error&) {
        ++stops;
      }
    };
    rt.block_on(join());
    EXPECT_EQ(ends + stops, 1);
    EXPECT_EQ(locals, 0);
    EXPECT_EQ(one->here.living(), 0);
    EXPECT_LE(one->effects, 1);
    EXPECT_GE(one->effects, ends);
    rt.block_on(one->check(one->effects));
  }
}

// The end of the runtime, with one of each under way, at any moment.
TEST_P(stop_race, N4_by_the_end_of_the_runtime_has_one_outcome) {
  for (int round = 0; round < rounds / 6; ++round) {
    std::atomic<int> ends = 0;
    {
      runtime rt({.workers = 2});
      const std::unique_ptr<raced> one = std::get<0>(GetParam()).make();
      rt.block_on(one->prepare());
      const auto body = [&]() -> task<> {
        struct life {
          std::atomic<int>& count;
          ~life() { ++count; }
        };
        const life local{ends};
        co_await one->wait();
      };
      std::thread blocked([&] {
        try {
          rt.block_on(body());
        } catch (const stopped_error&) {
        }
      });
      if (throws_() % 2 == 0) one->complete();
      let_pass(ends);
      rt.stop();
      blocked.join();
      EXPECT_EQ(one->here.living(), 0);
      EXPECT_LE(one->effects, 1);
    }
    EXPECT_LE(ends, 1);
  }
}

const kind kinds[] = {
    {"sleep", &make<raced_sleep>},
    {"yield", &make<raced_yields>},
    {"checkpoint", &make<raced_checkpoints>},
    {"semaphore", &make<raced_semaphore>},
    {"join_handle", &make<raced_handle>},
    {"compute", &make<raced_compute>},
    {"spawn_blocking", &make<raced_blocking>},
    {"read", &make<raced_read>},
    {"accept", &make<raced_accept>},
    {"connect", &make<raced_connect>},
    {"write", &make<raced_write>},
    {"when_all", &make<raced_when_all>},
    {"when_any", &make<raced_when_any>},
    {"task_group", &make<raced_group>},
    {"timeout", &make<raced_timeout>},
    {"deadline", &make<raced_deadline>},
    {"stop_token", &make<raced_token>},
    {"unstoppable", &make<raced_shield>},
    {"at_exit", &make<raced_clean_up>},
    {"as_outcome", &make<raced_outcome>},
};

INSTANTIATE_TEST_SUITE_P(of, stop_race, testing::Combine(testing::ValuesIn(kinds), testing::Range(0u, 3u)),
                         [](const auto& of) {
                           return std::get<0>(of.param).name + "_seed_" +
                                  std::to_string(std::get<1>(of.param));
                         });

}  // namespace
}  // namespace weft::test
