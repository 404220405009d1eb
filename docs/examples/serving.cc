// SPDX-License-Identifier: Apache-2.0
#include "serving.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "serving_signals.h"
#include "weft/net/tcp_listener.h"

namespace serving {
namespace {

using namespace std::chrono_literals;

// Between two tries when there are no descriptors: a server recovers soon, and does not spin.
constexpr auto accept_pause = 50ms;
// Between two looks at what is left of a server that stops.
constexpr auto stop_pause = 10ms;

enum class accept_problem { of_a_connection, of_resources, of_the_listener };

// Linux hands out errors of a new connection's network as accept's own.
accept_problem classify(const std::error_code& error) {
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case ETIMEDOUT:
      return accept_problem::of_a_connection;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // epoll's: too many watched descriptors
      return accept_problem::of_resources;
    default:
      return accept_problem::of_the_listener;
  }
}

weft::endpoint parse_endpoint(const options& chosen) {
  const auto parsed = weft::endpoint::parse(chosen.address, chosen.port);
  if (!parsed) throw std::invalid_argument("\"" + chosen.address + "\" is no numeric address");
  return *parsed;
}

weft::runtime_options runtime_options_of(const options& chosen) {
  weft::runtime_options made;
  if (chosen.workers != 0) made.workers = chosen.workers;
  return made;
}

class server {
 public:
  server(const char* program, weft::runtime& on, const options& chosen, const conversation& converse,
         stop_signals& signals)
      : program_(program),
        converse_(converse),
        grace_(chosen.grace),
        signals_(signals),
        listener_(weft::tcp_listener::bind(on, parse_endpoint(chosen))),
        places_(static_cast<std::ptrdiff_t>(chosen.connections)),
        conversations_(on) {}

  [[nodiscard]] weft::endpoint here() const { return listener_.local_endpoint(); }

  // Until it is stopped. When the listener fails, it notifies.
  weft::task<> accept_all();
  // After accept_all() was asked to stop: the rest of the orderly end. Notifies.
  weft::task<> drain(weft::join_handle<void> accepting);

  void begin_stop() noexcept { clients_.begin_stop(); }
  // drain() then soon ends.
  void stop_at_once() noexcept { conversations_.request_stop(); }

  // After drain().
  [[nodiscard]] int report() const;

 private:
  [[nodiscard]] std::error_code begin_conversation(weft::tcp_stream stream, weft::semaphore_permit permit);
  weft::task<> attend(weft::tcp_stream stream, weft::semaphore_permit permit);
  weft::task<> watch() { return clients_.close_overdue(); }

  const char* const program_;
  const conversation& converse_;
  const std::chrono::nanoseconds grace_;
  stop_signals& signals_;

  weft::tcp_listener listener_;
  weft::semaphore places_;
  client_list clients_;
  std::error_code failure_;        // written by accept_all() before it notifies
  std::size_t accept_pauses_ = 0;  // by accept_all(); read after drain()
  weft::task_group conversations_;
};

weft::task<> server::accept_all() {
  conversations_.spawn([this] { return watch(); });
  for (;;) {
    auto permit = co_await places_.acquire();
    auto accepted = co_await weft::as_result(listener_.accept());
    std::error_code problem = accepted.error();
    if (accepted) problem = begin_conversation(std::move(*accepted), std::move(permit));
    if (!problem) continue;

    switch (classify(problem)) {
      case accept_problem::of_a_connection:
        break;
      case accept_problem::of_resources:
        if (accept_pauses_++ == 0) {
          std::fprintf(stderr, "%s: accept: %s; trying again every 50 ms\n", program_,
                       problem.message().c_str());
        }
        co_await weft::sleep_for(accept_pause);
        break;
      case accept_problem::of_the_listener:
        failure_ = problem;
        signals_.notify();
        co_return;
    }
  }
}

std::error_code server::begin_conversation(weft::tcp_stream stream, weft::semaphore_permit permit) {
  try {
    conversations_.spawn(&server::attend, this, std::move(stream), std::move(permit));
    return {};
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

// The permit is a parameter, and so outlives the connection: one that waits is accepted when the descriptor
// is free again.
weft::task<> server::attend(weft::tcp_stream stream, [[maybe_unused]] weft::semaphore_permit permit) {
  try {
    const client_list::entry entered(clients_, std::move(stream));
    co_await converse_(entered.peer());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program_, error.what());
  }
}

weft::task<> server::drain(weft::join_handle<void> accepting) {
  try {
    co_await accepting;
  } catch (const weft::stopped_error&) {
    // As it was asked to.
  }
  listener_.close();
  const auto until = clock::now() + grace_;
  while (clients_.size() != 0 && clock::now() < until) {
    clients_.close_idle();
    co_await weft::sleep_for(stop_pause);
  }
  conversations_.request_stop();
  co_await conversations_.join();
  signals_.notify();
}

int server::report() const {
  if (accept_pauses_ != 0) {
    std::fprintf(stderr, "%s: accept had to wait %zu times\n", program_, accept_pauses_);
  }
  if (!failure_) return 0;
  std::fprintf(stderr, "%s: accept: %s\n", program_, failure_.message().c_str());
  return 1;
}

int run_or_throw(const char* program, const options& chosen, const conversation& converse) {
  stop_signals signals;
  weft::runtime rt(runtime_options_of(chosen));
  server own(program, rt, chosen, converse, signals);
  std::printf("listening on %s\n", own.here().to_string().c_str());
  std::fflush(stdout);

  auto accepting = rt.spawn(&server::accept_all, &own);
  static_cast<void>(signals.wait());
  own.begin_stop();
  accepting.request_stop();
  auto draining = rt.spawn(&server::drain, &own, std::move(accepting));
  if (signals.wait() == stop_signals::woken::by_signal) own.stop_at_once();
  rt.block_on(std::move(draining));
  return own.report();
}

}  // namespace

int run(const char* program, const options& chosen, const conversation& converse) {
  try {
    return run_or_throw(program, chosen, converse);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return 1;
  }
}

}  // namespace serving
