#pragma once

#include "core/io/curl_loop.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <unordered_map>

namespace penstock::actors {

/// Answers what goes to null upstreams (core/null_protocol.hpp), at once or when their latency is over,
/// and passes all else on to a real client, which it spawns and dies with.
struct null_client_state {
  static inline const char* name = "null-client";

  void send(const exchange_call& call, reply_taker_actor taker);
  bool abort(uint64_t id);
  void wake();

  http_client_actor::pointer self = nullptr;
  http_client_actor beyond; ///< Null: there are null upstreams only.

private:
  struct pending {
    uint64_t id = 0;
    std::shared_ptr<io::exchange> what;
    reply_taker_actor taker;
    caf::timespan latency{};
  };
  void answer(const pending& p);
  void arm();

  std::multimap<time_point, pending> waiting_; ///< By the time of their answer.
  std::unordered_map<uint64_t, std::multimap<time_point, pending>::iterator> by_id_;
  std::optional<time_point> armed_;            ///< When the next wake comes, if one is under way.
};

/// The http client of a process with null upstreams.
/// @param beyond Of the real client for the other upstreams; unset: there are none.
http_client_actor::behavior_type
null_client(http_client_actor::stateful_pointer<null_client_state> self,
            std::optional<io::curl_loop_settings> beyond);

} // namespace penstock::actors
