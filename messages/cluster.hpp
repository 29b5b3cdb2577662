#pragma once

#include "core/job/head_info.hpp"
#include "messages/inspect.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Messages between a head, its nodes and its clients.
namespace penstock {

/// Version of all messages. Both ends of a connection must have the same one. Raise it when a
/// message changes.
constexpr uint32_t cluster_protocol = 3;

/// The first message of a process that connects to a head. Its members never change, so that every
/// version can read it.
struct peer_hello {
  uint32_t protocol = cluster_protocol;
  std::string version; ///< Of the program, for people.
  std::string role;    ///< "node" or "client".
  std::string name;    ///< Host and process, for people.
};

/// Node to engine: the node offers to work.
struct node_offer {
  std::string name;    ///< For people; need not be unique.
  std::string version; ///< Of the program.
  uint32_t slots = 0;
  std::vector<std::string> lanes; ///< Names of its lanes, in the order of its settings.
};

/// Node to engine: a heartbeat. It shows that the actor works, not only its connection. The engine
/// answers with the same number.
struct node_beat {
  uint64_t node = 0;
  uint64_t number = 0;
  uint32_t running = 0;  ///< Requests that the node has.
  bool draining = false; ///< The node accepts no more work.
};

using core::lane_info;
using core::node_info;
using core::node_state;

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
