#pragma once

#include "messages/map.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace penstock::actors {

/// Source, sink and store of one job of a map. It connects the job to the hub.
///
/// Requests get their place in the job in the order in which the hub gives them, which is not that
/// of the rows: a row comes when its earlier stages are done. A pull stays open until the hub has
/// requests, or has no more. An outcome comes with `keep` (before earlier ones) or with `write` (in
/// order); the hub gets it once, at the first of the two.
struct stage_port_state {
  static inline const char* name = "stage-port";

  void pull(uint32_t requests_max, uint64_t bytes_max, const chunk_taker_actor& from);
  void offer(map_offer& what);
  void take(const std::vector<sink_item>& items);
  void write(const std::vector<sink_item>& items, const written_taker_actor& to);

  stage_port_actor::pointer self = nullptr;
  map_hub_actor hub;
  uint32_t job = 0;

private:
  chunk_taker_actor puller_;
  uint64_t next_ = 0;                         ///< Place of the next request.
  std::map<uint64_t, core::map_ticket> open_; ///< Requests without an outcome, by place.
};

/// The port of job number `job` of `hub`.
stage_port_actor::behavior_type
stage_port(stage_port_actor::stateful_pointer<stage_port_state> self, map_hub_actor hub,
           uint32_t job);

} // namespace penstock::actors
