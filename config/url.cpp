#include "config/url.hpp"
#include "core/base/text.hpp"

#include "config/endpoint.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::config {

namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Whether `host` is a name or an IPv4 address: without its port it has no colon.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         host.find("..") == std::string_view::npos && std::ranges::all_of(host, [](char c) {
           return is_alnum(c) || c == '.' || c == '-' || c == '_';
         });
}

/// The text between the brackets of "[::1]". Only its characters are checked.
bool is_address_v6(std::string_view host) {
  return host.size() >= 2 && host.size() <= 45 && host.find(':') != std::string_view::npos &&
         std::ranges::all_of(host, [](char c) {
           return c == ':' || c == '.' || (is_alnum(c) && (c <= '9' || (c | 0x20) <= 'f'));
         });
}

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535)
    return std::nullopt;
  return port;
}

} // namespace

std::optional<base_url_parts> parse_base_url(std::string_view text) {
  constexpr size_t length_max = 2048;
  const bool clean = std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '@' && c != '?' && c != '#' && c != '\\' && c != '"';
  });
  const auto colon = text.find("://");
  if (!clean || colon == std::string_view::npos || text.size() > length_max)
    return std::nullopt;
  base_url_parts parts;
  parts.scheme = core::to_lower(text.substr(0, colon));
  if (parts.scheme != "http" && parts.scheme != "https")
    return std::nullopt;
  auto rest = text.substr(colon + 3);
  const auto slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  parts.path = rest.substr(slash);
  while (parts.path.ends_with('/'))
    parts.path.pop_back();

  const bool bracketed = authority.starts_with('[');
  const auto host_end =
    bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos)
    return std::nullopt;
  auto host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  auto port = authority.substr(host_end + (bracketed ? 1 : 0));
  if (bracketed ? !is_address_v6(host) : !is_plain_host(host))
    return std::nullopt;
  parts.host = core::to_lower(host);
  parts.port = parts.scheme == "https" ? 443 : 80;
  if (!port.empty()) {
    auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
    if (!number)
      return std::nullopt;
    parts.port = *number;
  }
  return parts;
}

bool is_loopback(std::string_view url) {
  const auto parts = parse_base_url(url);
  return parts && is_loopback_host(parts->host);
}

} // namespace penstock::config
