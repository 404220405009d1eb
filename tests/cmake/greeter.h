// A library that stands between weft and the program.
#pragma once

#include <string>

#include "weft/net/tcp_stream.h"
#include "weft/task.h"

// Reads a name up to the end of the stream, and answers with a greeting.
[[gnu::visibility("default")]] weft::task<> greet(weft::tcp_stream peer);

// Throws weft::timeout_error, out of this library into its caller.
[[gnu::visibility("default")]] weft::task<> wait_in_vain();
