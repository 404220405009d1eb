// The seam under every shared word: std's atomics here, the model checker's in a model build.
//
// All machinery names `rt::atomic`, `rt::mutex`, `rt::condition_variable`, `rt::calling_thread`, never std's, so that a
// model test compiles the real sources with WEFT_MODEL=1 and sees every load, store, lock and wait
// (docs/model_checking.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/rt/base/config.h"

#if WEFT_MODEL
#include "weft/model/atomic.h"
#else
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace weft::inline WEFT_ABI::rt {

template <class T>
using atomic = std::atomic<T>;

using mutex = std::mutex;

using condition_variable = std::condition_variable;

template <class Mutex>
using lock_guard = std::lock_guard<Mutex>;

using thread_id = std::thread::id;

[[nodiscard]] inline thread_id calling_thread() noexcept {
  return std::this_thread::get_id();
}

}  // namespace weft::inline WEFT_ABI::rt
#endif
