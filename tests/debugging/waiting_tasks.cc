// A program with a known tree of waiting tasks, for the debugger's test: once all of them wait it calls
// tasks_wait(), where the debugger stops it.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "weft/net/tcp_listener.h"
#include "weft/weft.h"

using namespace std::chrono_literals;

extern "C" [[gnu::noinline, gnu::used]] void tasks_wait() {
  std::puts("all tasks wait");
}

namespace night {

weft::task<> nap() {
  co_await weft::sleep_for(1h);  // await: nap
}
weft::task<> take(weft::semaphore& from) {
  const weft::semaphore_permit held = co_await from.acquire();  // await: take
}
weft::task<> read(weft::tcp_listener& at) {
  const auto connected = co_await at.accept();  // await: read
}
weft::task<> both(weft::semaphore& from) {
  co_await weft::when_all(nap(), take(from));  // await: both
}
weft::task<> limited(weft::semaphore& from) {
  co_await weft::with_timeout(1h, take(from));  // await: limited
}
weft::task<> grouped(weft::semaphore& from) {
  const auto body = [&from](weft::task_group& group) -> weft::task<> {
    group.spawn(both, std::ref(from));
    co_await nap();
  };
  co_await weft::with_task_group(body);  // await: grouped
}
weft::task<> deep(int depth) {
  if (depth > 0) co_await deep(depth - 1);
  if (depth == 0) co_await nap();
}
weft::task<> spin(std::atomic<bool>& is_spinning, std::atomic<bool>& may_end) {
  co_await weft::yield_now();  // await: spin
  is_spinning = true;
  while (!may_end) std::this_thread::yield();
}

}  // namespace night

int main() {
  weft::semaphore none{0};
  std::atomic<bool> is_spinning{false}, may_end{false};
  weft::runtime rt({.workers = 2, .name = "night"});
  auto listener = weft::tcp_listener::bind(rt, weft::endpoint::loopback_v4(0));
  auto reading = rt.spawn(night::read, std::ref(listener));
  auto grouped = rt.spawn(night::grouped, std::ref(none));
  auto limited = rt.spawn(night::limited, std::ref(none));
  auto deep = rt.spawn(night::deep, 100);
  weft::task_group plain(rt);
  plain.spawn(weft::named("lullaby"), night::nap);  // spawn: lullaby
  const auto is_there = [&](const char* part) { return rt.dump().find(part) != std::string::npos; };
  for (const char* part :
       {"accepting", "when_all: 2 of 2", "with_timeout", "more frames", "a task_group: 1 children"}) {
    while (!is_there(part)) std::this_thread::yield();
  }
  auto spinning = rt.spawn(night::spin, std::ref(is_spinning), std::ref(may_end));
  while (!is_spinning) std::this_thread::yield();
  tasks_wait();
  may_end = true;
  plain.request_stop();
  rt.block_on(plain.join());
  reading.request_stop();
  while (!reading.is_done()) std::this_thread::yield();
}
