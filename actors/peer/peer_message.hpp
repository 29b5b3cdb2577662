#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What stands on the wire between two processes: messages of CAF's protocol BASP (CAF 0.17). Pure:
/// these functions only look at bytes, so that a peer is checked before CAF reads what it sent.
namespace penstock::actors {

/// Kinds of messages, with CAF's numbers.
enum class wire_kind : uint8_t {
  server_handshake = 0,
  client_handshake = 1,
  direct = 2, ///< A message to an actor.
  routed = 3, ///< A message to an actor of a third process.
  monitor = 4,
  down = 5,
  heartbeat = 6,
};

/// The header of each message.
struct wire_header {
  static constexpr size_t size = 32;
  uint8_t kind = 0; ///< A `wire_kind`, or any other number from a hostile peer.
  uint8_t flags = 0;
  uint32_t length = 0;             ///< Bytes of the payload after the header.
  uint64_t data = 0;               ///< The message id of `direct`.
  uint64_t source = 0, target = 0; ///< Numbers of actors.

  bool is(wire_kind k) const noexcept { return kind == static_cast<uint8_t>(k); }
  /// Whether `direct` answers a request.
  bool is_answer() const noexcept { return (data >> 63) != 0; }
};

/// Reads a header. @pre `bytes` has `wire_header::size` bytes.
wire_header read_header(std::string_view bytes) noexcept;

/// Why CAF must not see this header; empty: it is well formed. CAF 0.17 crashes at some of them.
/// @param known The handshake of this connection is done.
/// @param accepted The other side made the connection.
std::string header_fault(const wire_header& header, bool known, bool accepted);

/// What a `direct` message contains.
struct wire_content {
  uint64_t atom = 0; ///< The value of its first member, if that is an atom; else 0.
  /// The names of the types of its members, joined by commas, without that atom.
  std::string types;
};

/// Reads the names of the types at the beginning of the payload of a `direct` message.
/// @returns nullopt if the payload is damaged, or has actors that pass the message on.
std::optional<wire_content> read_content(std::string_view payload);

} // namespace penstock::actors
