// A function that blocks, called where the task stands: for code that cannot wait in spawn_blocking().
//
//     int parse_all(reader& from);                                      // a callback deep inside calls
//     weft::block_in_place([&] { return ::read(file, into, size); });   // this, and the other tasks go on
//
// What this worker holds (forked children, ready tasks) is handed over to the others first, another one is woken for it,
// and its sockets and timers are looked after by them. If there is a spare worker (runtime_options::spare_workers) it
// serves in this one's place meanwhile. Without one, and with all workers away, nothing is served until one is back.
// Prefer spawn_blocking(): it never keeps a worker, whatever the options. This one is for functions that are called by
// code which is no coroutine, or that must run on the thread they are on.
//
// What it does not hand over: the coroutines that await this one, which go on when it does. block_on() inside is refused,
// as on any worker.
//
// Thread safety: any thread; one that is no worker of weft's just calls the function. Inside of another block_in_place()
// it does the same.
// Errors: what the function throws.
// Stop: none; not a stop point. The function is not interrupted; look at is_stopping() inside to end early.
// Cost: one locked queue for what is handed over, and a wake-up of another worker, some 5 µs, if there is anything to do
// or a spare to call. It is not reported as blocked.
//
// The idea and the word are Tokio's (tokio::task::block_in_place).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "weft/detail/promise.h"
#include "weft/rt/engine.h"
#include "weft/rt/scheduler/current.h"

namespace weft::inline WEFT_ABI {
namespace detail {

class away_from_loop {
 public:
  away_from_loop() noexcept : home_(rt::this_turn().self != nullptr ? rt::this_turn().home : nullptr) {
    if (home_ != nullptr && !home_->begin_block_in_place()) home_ = nullptr;
  }
  away_from_loop(const away_from_loop&) = delete;
  away_from_loop& operator=(const away_from_loop&) = delete;
  // On the same thread: a function is no coroutine.
  ~away_from_loop() {
    if (home_ != nullptr) home_->end_block_in_place();
  }

 private:
  rt::engine* home_;
};

}  // namespace detail

template <std::invocable F>
std::invoke_result_t<F> block_in_place(F&& function) {
  static_assert(!detail::awaitable_of_ours<std::invoke_result_t<F>>,
                "block_in_place calls a function: co_await the task instead");
  const detail::away_from_loop away;
  return std::forward<F>(function)();
}

}  // namespace weft::inline WEFT_ABI
