#include "config/endpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::config {

namespace {

std::optional<unsigned> parse_whole(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.size() > 5 || ec != std::errc{} || at != end || value > max)
    return std::nullopt;
  return value;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

bool is_address(std::string_view host) {
  return !host.empty() && host.size() <= 45 && host.find(':') != host.npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
}

} // namespace

std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos)
    return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = parse_whole(text.substr(colon + 1), 65'535);
  const auto bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  if (!port || !(bracketed ? is_address(host) : is_name(host)))
    return std::nullopt;
  return endpoint{std::string{host}, static_cast<uint16_t>(*port)};
}

std::string to_string(const endpoint& at) {
  const auto bare = at.host.find(':') == std::string::npos;
  return (bare ? at.host : '[' + at.host + ']') + ':' + std::to_string(at.port);
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1")
    return true;
  size_t parts = 0;
  for (std::string_view rest = host;; ++parts) {
    const auto dot = rest.find('.');
    const auto number = parse_whole(rest.substr(0, dot), 255);
    if (!number || (parts == 0 && *number != 127))
      return false;
    if (dot == rest.npos)
      return parts == 3;
    rest.remove_prefix(dot + 1);
  }
}

} // namespace penstock::config
