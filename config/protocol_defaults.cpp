#include "config/protocol_defaults.hpp"
#include "config/url.hpp"
#include "core/protocol/protocol_info.hpp"

namespace penstock::config {

std::vector<std::string_view> take_protocol_defaults(upstream_settings& upstream,
                                                     bool base_url_given, bool api_key_env_given) {
  std::vector<std::string_view> taken;
  const auto* row = core::find_protocol_info(upstream.protocol);
  if (!row || row->base_url.empty() || upstream.mock)
    return taken;
  const auto take = [&](std::string_view word, bool given, std::string& to,
                        std::string_view value) {
    if (given || to == value)
      return;
    to = value;
    taken.push_back(word);
  };
  take("base_url", base_url_given, upstream.base_url, row->base_url);
  take("api_key_env", api_key_env_given, upstream.api_key_env, row->api_key_env);
  return taken;
}

bool is_own_address(const upstream_settings& upstream) {
  const auto* row = core::find_protocol_info(upstream.protocol);
  const auto given = parse_base_url(upstream.base_url);
  const auto own = row ? parse_base_url(row->base_url) : std::nullopt;
  return given && own && given->scheme == own->scheme && given->host == own->host &&
         given->port == own->port;
}

} // namespace penstock::config
