#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

/// The parts of a base URL.
struct base_url_parts {
  std::string scheme; ///< "http" or "https".
  std::string host;   ///< In lower case; an IPv6 address without its brackets.
  int port = 0;       ///< 80 or 443 if the text names none.
  std::string path;   ///< "" or "/v1": no slash at the end.
};

/// Takes "https://host[:port][/path]" apart. Refuses other schemes, credentials, a query, a
/// fragment, blanks and control characters, so that what is left can be joined with a request's
/// path.
std::optional<base_url_parts> parse_base_url(std::string_view text);

/// Whether `url` points to this machine by its very text: localhost, 127.x.x.x or [::1]. Names are
/// not resolved: no key is owed to a loopback server, and a name could be made to look like one.
bool is_loopback(std::string_view url);

} // namespace penstock::config
