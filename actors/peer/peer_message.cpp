#include "actors/peer/peer_message.hpp"

namespace penstock::actors {

namespace {

/// Integers on the wire are big-endian.
template <class T>
T read_number(std::string_view bytes) noexcept {
  T result = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    result = static_cast<T>(result << 8 | static_cast<uint8_t>(bytes[i]));
  return result;
}

} // namespace

wire_header read_header(std::string_view bytes) noexcept {
  wire_header result;
  result.kind = static_cast<uint8_t>(bytes[0]);
  result.flags = static_cast<uint8_t>(bytes[3]); // Bytes 1 and 2 have no meaning.
  result.length = read_number<uint32_t>(bytes.substr(4));
  result.data = read_number<uint64_t>(bytes.substr(8));
  result.source = read_number<uint64_t>(bytes.substr(16));
  result.target = read_number<uint64_t>(bytes.substr(24));
  return result;
}

std::string header_fault(const wire_header& h, bool known, bool accepted) {
  using enum wire_kind;
  if (!known) {
    // The side that accepts speaks first. Its handshake has a payload; without one CAF crashes.
    const auto expected = accepted ? client_handshake : server_handshake;
    return h.is(expected) && h.length > 0 ? "" : "it speaks another protocol";
  }
  if (h.is(direct))
    return h.length == 0   ? "it sent a message without content"
           : h.target == 0 ? "it sent a message to no actor"
                           : "";
  if (h.is(monitor) || h.is(down))
    return h.length > 0 ? "" : "it sent a message without content";
  if (h.is(heartbeat))
    return h.length == 0 ? "" : "it sent a heartbeat with content";
  if (h.is(client_handshake) && accepted)
    return h.length > 0 ? "" : "it sent a handshake without content";
  if (h.is(client_handshake) || h.is(server_handshake))
    return "it sent a second handshake";
  if (h.is(routed))
    return "it sent a message for another process";
  return "it sent a message of the unknown kind " + std::to_string(h.kind);
}

std::optional<wire_content> read_content(std::string_view payload) {
  // A count of further receivers, the number of a type (0: names follow), the length of the names.
  if (payload.size() < 4 || payload[0] != 0 || payload[1] != 0 || payload[2] != 0)
    return {};
  payload.remove_prefix(3);
  size_t length = 0;
  for (int shift = 0;; shift += 7) { // Seven bits a byte, the lowest first.
    if (payload.empty() || shift > 21)
      return {};
    const auto byte = static_cast<uint8_t>(payload[0]);
    payload.remove_prefix(1);
    length |= static_cast<size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0)
      break;
  }
  if (length > payload.size())
    return {};
  auto names = payload.substr(0, length);
  payload.remove_prefix(length);
  if (!names.starts_with("@<>"))
    return {};
  names.remove_prefix(3);
  wire_content result;
  bool first = true;
  while (!names.empty()) {
    if (names[0] != '+')
      return {};
    names.remove_prefix(1);
    const auto name = names.substr(0, names.find('+'));
    names.remove_prefix(name.size());
    if (first && name == "@atom") {
      if (payload.size() < sizeof(uint64_t))
        return {};
      result.atom = read_number<uint64_t>(payload);
    } else {
      result.types += (result.types.empty() ? "" : ",") + std::string{name};
    }
    first = false;
  }
  return result;
}

} // namespace penstock::actors
