// A TCP server for programs: from the first connection to an orderly end.
//
//     int main(int argc, char** argv) {
//       serving::options chosen;
//       …                                                   // serving_options.h
//       return serving::run("echo_server", chosen, echo);   // weft::task<> echo(serving::client& peer);
//     }
//
// Accepting is bounded: a connection needs one of --connections permits before it is accepted. Out of
// descriptors or memory, the server waits a little before it tries again, and serves those it has.
//
// Each connection has a conversation: a task, and a client (serving_clients.h) that it tells how long its
// next step may take. A conversation that throws ends that connection, with a line on standard error.
//
// Stopping, by SIGINT or SIGTERM: nobody is let in any more; idle connections are closed at once; the others
// have --grace; what is left is asked to stop. A second signal cuts the grace short.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "serving_clients.h"
#include "serving_options.h"
#include "weft/weft.h"

namespace serving {

// The client lives until the task has ended, and so does the callable.
using conversation = std::function<weft::task<>(client&)>;

// Called by main, before there are other threads. Prints "listening on ADDRESS:PORT" when it does. Returns
// main's exit status: 0 after a stop, 1 after a failure, which is printed.
int run(const char* program, const options& chosen, const conversation& converse);

}  // namespace serving
