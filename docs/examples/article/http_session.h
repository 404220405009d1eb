// The client: one session that all programs share, as the article's do. It keeps the connections that are
// idle and opens a new one only when none is, so ten requests at once need ten connections, and five hundred
// one by one need one.
//
// Safe from many tasks at once. It must outlive them, and leave before the runtime they ran in.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http_connection.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace article {

class http_session {
 public:
  explicit http_session(weft::endpoint server);

  // The body of the answer. Throws http_error for any status but 200, std::system_error when the network
  // fails, and weft::timeout_error when nothing has come for half a minute.
  weft::task<std::string> get(std::string target);
  weft::task<std::string> post(std::string target);

 private:
  weft::task<std::string> exchange(std::string method, std::string target);
  std::unique_ptr<http_connection> take_idle();
  void give_back(std::unique_ptr<http_connection> connection);

  const weft::endpoint server_;
  const std::string host_;

  // A plain mutex: it is held for a push or a pop and never across a co_await.
  std::mutex guard_;
  std::vector<std::unique_ptr<http_connection>> idle_;
};

}  // namespace article
