// SPDX-License-Identifier: Apache-2.0
#include "serving_options.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace serving {
namespace {

constexpr std::size_t most_connections = 1 << 20;

std::size_t default_connections() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return 1000;
  // "Unlimited" is the largest number there is.
  const rlim_t known = std::min<rlim_t>(descriptors.rlim_cur, most_connections);
  return std::max<std::size_t>(1, known / 5 * 4);
}

}  // namespace

options::options() : connections(default_connections()) {}

void add_options(CLI::App& app, options& chosen) {
  app.add_option("--address", chosen.address, "Numeric address to listen on")
      ->capture_default_str()
      ->type_name("ADDRESS");
  app.add_option("--port", chosen.port, "Port to listen on; 0 takes a free one")
      ->capture_default_str()
      ->type_name("PORT");
  app.add_option("--workers", chosen.workers, "Threads that run tasks; 0: one for each CPU")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  app.add_option("--connections", chosen.connections, "Connections at one time; others wait to be accepted")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_connections));
  add_seconds(app, "--grace", chosen.grace, "Seconds for what runs when the server is stopped");
}

void add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& chosen,
                 const std::string& text) {
  const double before = std::chrono::duration<double>(chosen).count();
  const auto store = [&chosen](const double& seconds) {
    chosen = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  };
  std::ostringstream shown;
  shown << before;
  app.add_option_function<double>(name, store, text)
      ->default_str(shown.str())
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e7));
}

}  // namespace serving
