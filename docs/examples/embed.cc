// embed: weft inside a program that has its own main loop and its own threads.
//
// The runtime is a member of an object like any other. Work goes in by runtime::spawn, from the loop's thread
// and from a thread that the program has anyway; answers and errors come back through the loop's own queue.
// The loop never waits for weft, the end included: runtime::stop() waits, so it has a thread of its own.
//
// Here the work is to fetch documents over TCP from a server in the same runtime and to hash them. The
// program checks what it got and exits with 0 only if all of it held.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "embed_documents.h"
#include "embed_loop.h"
#include "weft/net/tcp_listener.h"
#include "weft/weft.h"

namespace embed {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 5ms;
constexpr auto patience = 60s;  // turns a hang into a failure; nothing here takes a thousandth of it

// What the program has weft for. Functions are called on any thread, and give answers on the loop's.
class background {
 public:
  background(main_loop& loop, std::function<void(std::string)> on_error)
      : loop_(loop), on_error_(std::move(on_error)), rt_(options()) {
    auto listener = weft::tcp_listener::bind(rt_, weft::endpoint::loopback_v4(0));
    server_ = listener.local_endpoint();
    rt_.spawn(serve_documents, std::move(listener)).detach();
  }
  ~background() {
    if (stopper_.joinable()) stopper_.join();
  }

  // A failure goes to on_error. After stop() there is no answer any more.
  void fetch(std::string name, std::function<void(std::string name, std::uint64_t hash)> on_answer) {
    // Detached: what ends the task with an error is reported by the runtime, see options().
    rt_.spawn([this](auto wanted, auto then) { return fetch_and_hash(std::move(wanted), std::move(then)); },
              std::move(name), std::move(on_answer))
        .detach();
  }

  // A function that blocks. Without an answer: it has its own ways to say what it did.
  void run_blocking(std::function<void()> function) {
    rt_.spawn([](auto blocks) -> weft::task<> { co_await weft::spawn_blocking([&] { blocks(); }); },
              std::move(function))
        .detach();
  }

  // Returns at once. Tasks are stopped, functions that run are waited for, and then the loop hears of it.
  void stop(std::function<void()> on_end) {
    stopper_ = std::thread([this, then = std::move(on_end)]() mutable {
      rt_.stop();
      loop_.post(std::move(then));
    });
  }

 private:
  weft::runtime_options options() {
    weft::runtime_options chosen;
    chosen.workers = 2;
    chosen.name = "background";
    chosen.on_unhandled_error = [this](const weft::unhandled_error& lost) {
      loop_.post([this, text = text_of(lost.error)] { on_error_(text); });
    };
    return chosen;
  }

  static std::string text_of(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      return known.what();
    } catch (...) {
      return "an unknown error";
    }
  }

  weft::task<> fetch_and_hash(std::string name, std::function<void(std::string, std::uint64_t)> then) {
    std::vector<std::byte> content;
    {
      const auto permit = co_await connections_.acquire();
      content = co_await weft::with_timeout(patience, fetch_document(server_, name));
    }
    const std::uint64_t value = co_await weft::compute([&] { return hash(content); });
    loop_.post([name = std::move(name), value, then = std::move(then)] { then(name, value); });
  }

  main_loop& loop_;
  const std::function<void(std::string)> on_error_;
  weft::semaphore connections_{8};
  weft::endpoint server_;
  weft::runtime rt_;  // after all that its tasks use: it ends first
  std::thread stopper_;
};

// The program. Everything happens on the loop's thread, so nothing here has a lock.
class application {
 public:
  application() : background_(loop_, [this](std::string text) { errors_.push_back(std::move(text)); }) {
    for (int number = 0; number < document_count; ++number) {
      expected_[std::to_string(number)] = hash(document(std::to_string(number)));
    }
  }

  bool run() {
    background_.run_blocking([this] { save(); });
    background_.fetch("missing", [this](auto name, auto value) { on_answer(name, value); });
    for (int number = 0; number < document_count; number += 2) fetch(number);
    // A thread that the program has anyway uses the runtime as the loop does.
    std::jthread importer([this] {
      for (int number = 1; number < document_count; number += 2) fetch(number);
    });
    loop_.run([this] { on_tick(); });
    return report();
  }

 private:
  void fetch(int number) {
    background_.fetch(std::to_string(number), [this](auto name, auto value) { on_answer(name, value); });
  }

  void on_answer(const std::string& name, std::uint64_t value) {
    ++answers_;
    const auto wanted = expected_.find(name);
    if (wanted == expected_.end() || wanted->second != value) return;
    expected_.erase(wanted);  // the same answer a second time would be a wrong one
    ++right_answers_;
  }

  // A function of the old program that blocks and that needs the loop. It still runs when the runtime is
  // asked to stop: it is waited for, and the loop has to be alive to let it end.
  void save() {
    loop_.post([this] { is_saving_ = true; });
    const bool may_end = save_may_end_.get_future().wait_for(patience) == std::future_status::ready;
    loop_.post([this, may_end] { has_saved_ = may_end; });
  }

  void on_tick() {
    if (is_stopping_) {
      if (++ticks_while_stopping_ == 3) save_may_end_.set_value();
      return;
    }
    const bool is_late = std::chrono::steady_clock::now() > began_ + patience;
    const bool is_complete = is_saving_ && answers_ == document_count && !errors_.empty();
    if (!is_complete && !is_late) return;
    is_stopping_ = true;
    background_.stop([this] { loop_.quit(); });
  }

  bool report() const {
    std::printf("%d documents asked for, %d answers, %d of them right\n", document_count, answers_,
                right_answers_);
    for (const std::string& error : errors_) std::printf("an error arrived: %s\n", error.c_str());
    std::printf("the loop %s while the runtime ended\n",
                ticks_while_stopping_ >= 3 ? "ticked on" : "stood still");
    std::printf("the function that ran meanwhile was %s\n", has_saved_ ? "waited for" : "lost");
    return answers_ == document_count && right_answers_ == document_count && errors_.size() == 1 &&
           ticks_while_stopping_ >= 3 && has_saved_;
  }

  main_loop loop_{tick};
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::map<std::string, std::uint64_t> expected_;
  int answers_ = 0;
  int right_answers_ = 0;
  std::vector<std::string> errors_;
  bool is_saving_ = false;
  bool has_saved_ = false;
  bool is_stopping_ = false;
  int ticks_while_stopping_ = 0;
  std::promise<void> save_may_end_;
  background background_;  // last: it ends first, while all that its tasks use is there
};

}  // namespace
}  // namespace embed

int main() {
  try {
    embed::application program;
    return program.run() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}
