#include "config/key_makers.hpp"
#include "config/endpoint.hpp"
#include "config/url.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::config {

bool is_printable(std::string_view text) {
  return text.size() <= 4096 && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

bool is_path_list(std::string_view text) {
  if (!is_printable(text))
    return false;
  while (!core::trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto path = core::trim(text.substr(0, comma));
    if (!path.starts_with('/') || path.find_first_of(" #\\") != path.npos)
      return false;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

bool is_variable_name(std::string_view text) {
  if (text.size() > 200 || (!text.empty() && text.front() >= '0' && text.front() <= '9'))
    return false;
  return std::ranges::all_of(text, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

bool is_endpoint(std::string_view text) { return parse_endpoint(text).has_value(); }

bool is_endpoint_or_empty(std::string_view text) { return text.empty() || is_endpoint(text); }

bool is_tenant(std::string_view text) {
  return !text.empty() && text.size() <= 200 && is_printable(text);
}

bool is_base_url(std::string_view text) { return parse_base_url(text).has_value(); }

/// A setting that exists once.
key_row plain_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                  value_kind kind, std::string_view placeholder, field (*at)(settings&),
                  value_range range, std::string_view help) {
  return {.name = name,
          .flag = flag,
          .kind = kind,
          .placeholder = placeholder,
          .help = help,
          .range = range,
          .choices = {},
          .form = {},
          .at = at,
          .group = group,
          .scope = scope};
}

key_row text_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                 std::string_view placeholder, field (*at)(settings&),
                 bool (*fits)(std::string_view), std::string_view form, std::string_view help) {
  return {.name = name,
          .flag = flag,
          .kind = value_kind::text,
          .placeholder = placeholder,
          .help = help,
          .range = {},
          .choices = {},
          .form = form,
          .fits = fits,
          .at = at,
          .group = group,
          .scope = scope};
}

key_row choice_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                   std::span<const std::string_view> words, field (*at)(settings&),
                   std::string_view help) {
  return {.name = name,
          .flag = flag,
          .kind = value_kind::choice,
          .placeholder = "NAME",
          .help = help,
          .range = {},
          .choices = words,
          .form = {},
          .at = at,
          .group = group,
          .scope = scope};
}

/// A setting of the default lane that every other lane has, too.
key_row limit_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                  value_kind kind, std::string_view placeholder, field (*at)(settings&),
                  field (*at_lane)(limit_settings&), value_range range, bool inherited,
                  std::string_view help) {
  auto row = plain_row(group, scope, name, flag, kind, placeholder, at, range, help);
  row.at_lane = at_lane;
  row.inherited = inherited;
  return row;
}

} // namespace penstock::config
