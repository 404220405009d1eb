// The slow HTTP API that the programs call. Every answer takes its time, and requests in flight are counted.
//
//   GET  /slow/<name>?ms=<n>   answers after n milliseconds
//   GET  /user/<id>            100 ms; says which settings are the user's
//   GET  /settings/<id>        100 ms
//   GET  /stats                at once: requests, the most in flight at one time, connections
//   POST /stats/reset          at once: requests and the most in flight start anew
//
// Answers are JSON. A request has no body, and a head of a bounded size.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "http_message.h"
#include "request_count.h"
#include "weft/net/tcp_listener.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace article {

inline constexpr std::chrono::milliseconds user_takes{100};
inline constexpr std::chrono::milliseconds settings_take{100};

class slow_api {
 public:
  // Serves until the runtime it runs in is stopped. The object must outlive that runtime.
  weft::task<> serve(weft::tcp_listener listener);

 private:
  struct reply {
    reply(int code, std::string json) : status(code), body(std::move(json)) {}
    int status;
    std::string body;
  };

  weft::task<> converse(weft::tcp_stream stream);
  weft::task<reply> answer(const http_message& request);

  request_count count_;
};

}  // namespace article
