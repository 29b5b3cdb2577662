#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

/// The parts of a base URL.
struct base_url_parts {
  std::string scheme; ///< "http" or "https".
  std::string host;   ///< In lower case; an IPv6 address without its brackets.
  int port = 0;       ///< 80 or 443 if the URL has no port.
  std::string path;   ///< "" or "/v1": no slash at the end.
};

/// Parses "https://host[:port][/path]". Refuses other schemes, credentials, a query, a fragment,
/// blanks and control characters, so that the path of a request can be appended.
std::optional<base_url_parts> parse_base_url(std::string_view text);

/// Whether `url` is on this machine by its text: localhost, 127.x.x.x or [::1]. Names are not
/// resolved: a loopback server needs no key, and a resolver could make any name look like one.
bool is_loopback(std::string_view url);

} // namespace penstock::config
