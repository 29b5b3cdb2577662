#pragma once

#include "actors/peer/peer_message.hpp"

#include <cstdint>
#include <string>

namespace penstock::actors {

/// What a process is in a cluster. Its certificate says so; without TLS any local process may be
/// all of them.
enum peer_role : uint8_t {
  role_none = 0,
  role_node = 1,
  role_client = 2,
  role_head = 4,
  role_any = role_node | role_client | role_head,
};

/// What to do with a `direct` message from a peer.
enum class peer_verdict {
  pass,
  /// Drop it without a word: CAF sends it by itself to every process that connects, or to tell of
  /// links. None of our actors is linked to another process.
  ignore,
  refuse, ///< Drop it and count it against the peer.
};

/// Whether a head accepts this message. Only messages of interfaces.hpp that cross processes pass,
/// each from its role; so a peer reaches no INTERNAL message, no exit of an actor, and no actor of
/// CAF. The receiver is not checked: an actor ignores messages that are not its own.
/// @param roles A sum of `peer_role`.
peer_verdict judge_message(const wire_header& header, const wire_content& content, uint8_t roles);

/// The name of a message for people: "drain @u64".
std::string describe(const wire_content& content);

} // namespace penstock::actors
