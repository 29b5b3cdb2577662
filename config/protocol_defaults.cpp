#include "config/protocol_defaults.hpp"

#include <algorithm>
#include <array>

namespace penstock::config {

namespace {

constexpr std::array rows{
  protocol_defaults{"openai", "https://api.openai.com/v1", "OPENAI_API_KEY"},
  protocol_defaults{"anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"},
  protocol_defaults{"gemini", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY"},
  protocol_defaults{"ollama", "http://localhost:11434", ""},
};

} // namespace

const protocol_defaults* find_protocol_defaults(std::string_view protocol) {
  const auto found = std::ranges::find(rows, protocol, &protocol_defaults::protocol);
  return found == rows.end() ? nullptr : &*found;
}

std::vector<std::string_view> take_protocol_defaults(upstream_settings& upstream,
                                                     bool base_url_given, bool api_key_env_given) {
  std::vector<std::string_view> taken;
  const auto* row = find_protocol_defaults(upstream.protocol);
  if (!row || upstream.mock)
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

} // namespace penstock::config
