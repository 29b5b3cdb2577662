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
/// Writes an endpoint in the form that `parse_endpoint` reads.
std::string to_string(const endpoint& at);

/// Whether `host` is this machine: 127.0.0.0/8, ::1 or "localhost". It looks only at the text,
/// because a wrong answer of a resolver must not switch off the need for certificates.
bool is_loopback_host(std::string_view host);

} // namespace penstock::config
