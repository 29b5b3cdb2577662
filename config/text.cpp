#include "config/text.hpp"

namespace penstock::config {

std::string in_quotes(std::string_view text) {
  constexpr size_t length_max = 60;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text.substr(0, length_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f)
      out += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    else
      out += c;
  }
  return out + (text.size() > length_max ? "...\"" : "\"");
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

} // namespace penstock::config
