#pragma once

#include "messages/inspect.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What nodes and people learn of a head.
namespace penstock {

/// Both ends of a connection must have the same: the shape of every message depends on it. Raise it
/// whenever a message changes.
constexpr uint32_t cluster_protocol = 1;

/// The first message to a head, from whoever connects. Its shape never changes, so that versions
/// can tell each other apart.
struct peer_hello {
  uint32_t protocol = cluster_protocol;
  std::string version; ///< Of the program, for people.
  std::string role;    ///< "node" or "client".
  std::string name;    ///< Host and process, for people.
};

/// A node to the engine: it would work.
struct node_offer {
  std::string name;    ///< For people; need not be unique.
  std::string version; ///< Of its program.
  uint32_t slots = 0;
  std::vector<std::string> lanes; ///< Those that its settings name, in their order.
};

/// A sign of life, and that its actor makes progress. The engine answers with the same number.
struct node_beat {
  uint64_t node = 0;
  uint64_t number = 0;
  uint32_t running = 0;  ///< Requests that it has.
  bool draining = false; ///< It takes nothing more.
};

/// What people want to know of a node.
struct node_info {
  uint64_t id = 0;
  std::string name, version;
  bool local = false; ///< In the head's own process.
  uint32_t slots = 0, in_use = 0;
  std::string state;          ///< "active", "silent" (gets nothing new), "draining".
  caf::timespan silent_for{}; ///< Since its last sign of life.
  caf::timespan joined_for{};
  uint64_t finished = 0; ///< Hand-outs that it has ended.
};

/// What people want to know of a lane.
struct lane_info {
  std::string name;
  core::lane_snapshot now;
  caf::timespan paused_for{}; ///< How long it will still take nothing; zero: it is open.
};

/// The requests of one tenant and class.
struct tenant_counts {
  std::string tenant;
  core::priority priority = core::priority::normal;
  uint64_t jobs = 0;       ///< Jobs that have not ended.
  uint64_t pending = 0;    ///< Safe, and not yet handed out.
  uint64_t scheduled = 0;  ///< Held back: a lane takes nothing now, or a mode must end first.
  uint64_t processing = 0; ///< In flight.
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, peer_hello& x) {
  return f(caf::meta::type_name("penstock.peer_hello"), x.protocol, x.version, x.role, x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_offer& x) {
  return f(caf::meta::type_name("penstock.node_offer"), x.name, x.version, x.slots, x.lanes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_beat& x) {
  return f(caf::meta::type_name("penstock.node_beat"), x.node, x.number, x.running, x.draining);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_info& x) {
  return f(caf::meta::type_name("penstock.node_info"), x.id, x.name, x.version, x.local, x.slots,
           x.in_use, x.state, x.silent_for, x.joined_for, x.finished);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lane_info& x) {
  return f(caf::meta::type_name("penstock.lane_info"), x.name, x.now, x.paused_for);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tenant_counts& x) {
  return f(caf::meta::type_name("penstock.tenant_counts"), x.tenant, x.priority, x.jobs, x.pending,
           x.scheduled, x.processing, x.completed, x.failed, x.cancelled, x.expired);
}

} // namespace penstock
