#pragma once

#include "core/base/time.hpp"
#include "core/io/http/http_server.hpp"

#include <cstdint>
#include <functional>
#include <string>

/// What only a provider that breaks HTTP needs. The public server has none of it.
namespace penstock::mock {

/// What becomes of a connection after bytes that were sent past the framing of the server.
/// `keep` closes all the same if the client asked for it.
enum class raw_end : uint8_t { keep, close, reset };

/// Sends bytes as they are, status line and all. Does nothing once the answer is given.
void raw_write(const io::http_exchange& e, std::string bytes,
               std::function<void(bool alive)> written = {});
/// Ends the exchange once the bytes so far are with the kernel.
void raw_finish(const io::http_exchange& e, raw_end how);
/// Accepts nothing for `d`, so that connects queue in the kernel. Only on the server's thread.
void pause_accept(io::http_server& server, duration d);
/// Has `refuse` called when bytes wait on a connection between two requests, before any is read;
/// `served` requests came before. True closes it with the bytes unread. Call it before `run`.
void refuse_unread(io::http_server& server,
                   std::function<bool(uint64_t connection, uint32_t served)> refuse);

/// What a lying server counted.
struct lying_counters : io::http_server_counters {
  uint64_t unread = 0; ///< Closed by `refuse_unread`.
};

} // namespace penstock::mock
