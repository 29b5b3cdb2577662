#include "core/base/url_path.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// The value of two hexadecimal digits, or -1.
int hex_byte(std::string_view two) noexcept {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  if (two.size() < 2 || digit(two[0]) < 0 || digit(two[1]) < 0)
    return -1;
  return digit(two[0]) * 16 + digit(two[1]);
}

/// Whether the percent code at the start of `text` would change which part of the server a path
/// names: dots, slashes, control characters, and a percent sign that makes one of these when it is
/// decoded once more. Other codes stay: the names of models need them.
bool is_steering(std::string_view text) noexcept {
  const int byte = hex_byte(text.substr(1, 2));
  if (byte == '%')
    return hex_byte(text.substr(3)) >= 0 && is_steering(text.substr(2));
  return byte < 0x20 || byte == 0x7F || byte == '.' || byte == '/' || byte == '\\';
}

/// Whether a part of a path means "here" or "one up". Some servers ignore what follows a ";".
bool is_dots(std::string_view part) noexcept {
  part = part.substr(0, part.find_first_of(";%"));
  return part == "." || part == "..";
}

} // namespace

std::string_view url_path_fault(std::string_view url) noexcept {
  if (!url.starts_with('/'))
    return "must begin with /, for example /v1/chat/completions";
  if (!std::ranges::all_of(url, [](char c) { return c > 0x20 && c < 0x7F; }))
    return "holds a blank, a control character or a character that is not ASCII";
  if (url.find_first_of("#\\") != url.npos)
    return "holds # or a backslash, which can lead out of the base URL";
  auto path = url.substr(0, url.find('?'));
  for (size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1))
    if (is_steering(path.substr(at)))
      return "holds a percent code for a dot, a slash or another character that can lead out of "
             "the base URL";
  while (path.size() > 1 && path.ends_with('/') && !path.ends_with("//"))
    path.remove_suffix(1);
  for (size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    if (is_dots(part) || (part.empty() && path.size() > 1))
      return "holds \"..\", \".\" or \"//\", which can lead out of the base URL";
    at = end + 1;
  }
  return {};
}

} // namespace penstock::core
