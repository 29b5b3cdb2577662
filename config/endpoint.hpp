#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

/// A host and a port.
struct endpoint {
  std::string host; ///< Without the brackets of an IPv6 address.
  uint16_t port = 0;
  bool operator==(const endpoint&) const = default;
};

/// Reads "host:port" or "[address]:port".
std::optional<endpoint> parse_endpoint(std::string_view text);
/// Writes what `parse_endpoint` reads.
std::string to_string(const endpoint& at);

/// Whether `host` is this machine itself: 127.0.0.0/8, ::1 or "localhost". Decided by its text
/// alone, so that no resolver can talk anybody out of certificates.
bool is_loopback_host(std::string_view host);

} // namespace penstock::config
