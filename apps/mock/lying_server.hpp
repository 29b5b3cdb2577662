#pragma once

#include "core/base/time.hpp"
#include "core/io/http/http_server.hpp"

#include <cstdint>
#include <functional>
#include <string>

/// Functions for a provider that breaks HTTP. The public server does not have them.
namespace penstock::mock {

/// What happens to a connection after raw bytes. `keep` still closes it if the client asked for
/// that.
enum class raw_end : uint8_t { keep, close, reset };

/// Sends raw bytes, with the status line. Does nothing after the answer is given.
void raw_write(const io::http_exchange& e, std::string bytes,
               std::function<void(bool alive)> written = {});
/// Ends the exchange when the kernel has all bytes so far.
void raw_finish(const io::http_exchange& e, raw_end how);
/// Accepts nothing for `d`, so that connects queue in the kernel. Only on the server's thread.
void pause_accept(io::http_server& server, duration d);
/// Calls `refuse` when bytes wait on a connection between two requests, before they are read;
/// `served` is the number of earlier requests. True closes the connection without reading. Call it
/// before `run`.
void refuse_unread(io::http_server& server,
                   std::function<bool(uint64_t connection, uint32_t served)> refuse);

/// Counters of a lying server.
struct lying_counters : io::http_server_counters {
  uint64_t unread = 0; ///< Closed by `refuse_unread`.
};

} // namespace penstock::mock
