// Documents over TCP: what the tasks of the embedded runtime do. A client sends a name and a newline, and
// reads the document up to the end of the stream; for a name that is unknown that is at once.
//
// Coroutines only: they know no main loop and no runtime.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weft/net/tcp_listener.h"
#include "weft/net/tcp_stream.h"
#include "weft/weft.h"

namespace embed {

inline constexpr int document_count = 24;

// "0" to "23". No bytes: there is none of that name.
std::vector<std::byte> document(const std::string& name);

// FNV-1a, 64 bits.
std::uint64_t hash(const std::vector<std::byte>& content);

// Until it is stopped.
weft::task<> serve_documents(weft::tcp_listener listener);

// Throws std::runtime_error for a name that is unknown, std::system_error when the network fails.
weft::task<std::vector<std::byte>> fetch_document(weft::endpoint server, std::string name);

}  // namespace embed
