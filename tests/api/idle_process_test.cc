// An idle process does not wake up: each thread of a runtime that has nothing to do stands in a system call that no
// clock ends. The kernel says in which (/proc/self/task/*/syscall), so nothing is measured.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/bounded_wait.h"
#include "weft/weft.h"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

struct thread_state {
  std::string name;
  long call = -1;  // -1: it runs, or is none of ours
  std::vector<unsigned long> arguments;
};

// The threads whose names begin with `prefix`.
std::vector<thread_state> threads_named(const std::string& prefix) {
  std::vector<thread_state> found;
  std::error_code gone;  // threads may end meanwhile
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task", gone)) {
    thread_state one;
    std::ifstream(each.path() / "comm") >> one.name;
    if (!one.name.starts_with(prefix)) continue;
    std::ifstream in(each.path() / "syscall");
    std::string word;
    if (in >> word && word != "running") one.call = std::strtol(word.c_str(), nullptr, 10);
    while (in >> word) one.arguments.push_back(std::strtoul(word.c_str(), nullptr, 16));
    found.push_back(one);
  }
  return found;
}

bool waits_without_a_limit(const thread_state& one) {
  if (one.arguments.size() < 6) return false;
#if defined(SYS_epoll_wait)
  if (one.call == SYS_epoll_wait) return static_cast<int>(one.arguments[3]) < 0;
#endif
  if (one.call == SYS_epoll_pwait) return static_cast<int>(one.arguments[3]) < 0;
#if defined(SYS_epoll_pwait2)
  if (one.call == SYS_epoll_pwait2) return one.arguments[3] == 0;
#endif
  if (one.call == SYS_futex) return one.arguments[3] == 0;
  return false;
}

bool all_wait_without_a_limit(std::size_t threads) {
  const std::vector<thread_state> all = threads_named("idler");
  for (const thread_state& each : all) {
    if (!waits_without_a_limit(each)) return false;
  }
  return all.size() == threads;
}

task<int> busy(int left) {
  if (left == 0) co_return 1;
  co_await yield_now();
  task<int> one = busy(left - 1);
  task<int> other = busy(left - 1);
  auto both = co_await when_all(std::move(one), std::move(other));
  co_return std::get<0>(both) + std::get<1>(both);
}
task<> some_work() {
  auto spawned = spawn(busy, 6);
  co_await sleep_for(1ms);
  EXPECT_EQ(co_await std::move(spawned), 64);
  co_await spawn_blocking([] {});
}

TEST(idle_process, has_no_thread_of_the_runtime_that_a_clock_would_wake) {
  if (!std::ifstream("/proc/self/syscall").good())
    GTEST_SKIP() << "the kernel does not say where threads stand";
  runtime home({.workers = 3, .blocking_keep_alive = 0ms, .name = "idler"});
  for (int round = 0; round < 3; ++round) {
    home.block_on(some_work());
    EXPECT_TRUE(eventually([] { return all_wait_without_a_limit(3); })) << "round " << round;
  }
}

}  // namespace
}  // namespace weft::test
