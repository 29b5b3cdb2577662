#pragma once

#include "core/io/http/curl_loop.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <unordered_map>

namespace penstock::actors {

/// Knows which actor waits for which exchange. Destroying the state stops the loop and aborts the
/// exchanges in flight; the waiting actors learn of it by `rewire`.
struct http_client_state {
  static inline const char* name = "http-client";

  void send(exchange_call call, reply_taker_actor taker);
  void done(const completion_batch& batch);

  http_client_actor::pointer self = nullptr;
  std::unique_ptr<io::curl_loop> loop;
  std::unordered_map<uint64_t, reply_taker_actor> waiting; ///< By exchange id.
};

/// Makes the HTTP exchanges of this process on its own thread.
http_client_actor::behavior_type
http_client(http_client_actor::stateful_pointer<http_client_state> self,
            io::curl_loop_settings settings);

} // namespace penstock::actors
