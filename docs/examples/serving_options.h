// What every server here can be told on its command line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace serving {

struct options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned workers = 0;     // 0: one for each CPU
  std::size_t connections;  // at one time
  std::chrono::nanoseconds grace = std::chrono::seconds(5);

  // 80 % of the descriptors that the process may have are for connections.
  options();
};

// --address, --port, --workers, --connections and --grace.
void add_options(CLI::App& app, options& chosen);

// An option in seconds, fractions allowed. Its default is what `chosen` holds.
void add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& chosen,
                 const std::string& text);

}  // namespace serving
