#pragma once

#include "core/job/head_info.hpp"
#include "messages/inspect.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What nodes and people learn of a head.
namespace penstock {

/// Both ends of a connection must have the same: the shape of every message depends on it. Raise it
/// whenever a message changes.
constexpr uint32_t cluster_protocol = 2;

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

using core::lane_info;
using core::node_info;

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

} // namespace penstock

namespace penstock::core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_info& x) {
  return f(caf::meta::type_name("penstock.node_info"), x.id, x.name, x.version, x.local, x.slots,
           x.in_use, x.state, x.silent_for, x.joined_for, x.finished);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lane_info& x) {
  return f(caf::meta::type_name("penstock.lane_info"), x.name, x.now, x.paused_for);
}

} // namespace penstock::core
