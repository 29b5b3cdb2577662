#pragma once

#include "actors/node/http_client.hpp"
#include "actors/node/worker_setup.hpp"
#include "core/io/http/curl_loop.hpp"
#include "core/protocol/null_protocol.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

namespace penstock::actors {

/// Answers requests to null upstreams (core/protocol/null_protocol.hpp), at once or after their
/// latency. Sends all other requests to a real client, which it spawns. If one of the two dies, the
/// other one does, too.
struct null_client_state {
  static inline const char* name = "null-client";

  void send(const exchange_call& call, reply_taker_actor taker);
  bool abort(uint64_t id);
  void wake();

  http_client_actor::pointer self = nullptr;
  http_client_actor beyond; ///< Null: all upstreams are null upstreams.

private:
  struct pending {
    uint64_t id = 0;
    std::shared_ptr<core::exchange> what;
    reply_taker_actor taker;
    caf::timespan latency{};
  };
  void answer(const pending& p);
  void arm();

  std::multimap<time_point, pending> waiting_; ///< By the time of the answer.
  std::unordered_map<uint64_t, std::multimap<time_point, pending>::iterator> by_id_;
  std::optional<time_point> armed_; ///< When the next `wake` comes; unset: none is scheduled.
};

/// The HTTP client of a process with null upstreams.
/// @param beyond Options of the real client for other upstreams; unset: there are none.
http_client_actor::behavior_type
null_client(http_client_actor::stateful_pointer<null_client_state> self,
            std::optional<io::curl_loop_settings> beyond);

/// Spawns the HTTP client for the upstreams of a process.
/// @param parent The actor that spawns it.
template <caf::spawn_options Options, class Parent>
http_client_actor spawn_http_client(Parent& parent, const worker_setup& workers,
                                    const io::curl_loop_settings& settings) {
  const auto is_null = [](const worker_upstream& u) {
    return core::null_latency_of(u.base_url).has_value();
  };
  if (std::ranges::none_of(workers.upstreams, is_null))
    return parent.template spawn<Options>(http_client, settings);
  const bool all = std::ranges::all_of(workers.upstreams, is_null);
  return parent.template spawn<Options>(null_client, all ? std::nullopt : std::optional{settings});
}

} // namespace penstock::actors
